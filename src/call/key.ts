const MAX_KEY_BYTES = 255;
const encoder = new TextEncoder();
const room = new Uint8Array(MAX_KEY_BYTES);

/**
 * Checks a key: of an entity, or of an ordered method.
 *
 * @returns the key
 * @throws {TypeError} unless it is a text of 1 to 255 bytes in UTF-8, without lone surrogates
 */
export function checkKey(key: unknown): string {
  if (typeof key !== "string" || key === "") {
    throw new TypeError(
      `Cannot use the key: it must be a text that is not empty: current value is ${quoted(key)}`,
    );
  }
  if (!key.isWellFormed()) {
    throw new TypeError("Cannot use the key: it holds a lone surrogate, which has no UTF-8");
  }
  if (key.length * 3 > MAX_KEY_BYTES && encoder.encodeInto(key, room).read < key.length) {
    throw new TypeError(`Cannot use the key: it may take at most ${MAX_KEY_BYTES} bytes in UTF-8`);
  }
  return key;
}

function quoted(key: unknown): string {
  return typeof key === "string" ? JSON.stringify(key) : typeof key;
}
