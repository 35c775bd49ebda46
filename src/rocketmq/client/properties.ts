const AFTER_NAME = "\u0001";
const AFTER_VALUE = "\u0002";
// deno-lint-ignore no-control-regex -- these two are the format's own separators
const SEPARATORS = /[\u0001\u0002]/;

/**
 * Joins properties to one text: name, U+0001, value, U+0002, and so on. RocketMQ: MessageDecoder.
 *
 * Servers skip what has an empty name or value; of a repeated name the last counts. The text may take up to 32,767
 * bytes, with what the broker adds.
 *
 * @throws TypeError when a name or value contains a separator: there is no escaping
 */
export function encodeProperties(properties: Iterable<readonly [name: string, value: string]>): string {
  let text = "";
  for (const [name, value] of properties) {
    if (SEPARATORS.test(name) || SEPARATORS.test(value)) {
      throw new TypeError(
        `Cannot encode property "${name}": names and values must not contain U+0001 or U+0002`,
      );
    }
    text += name + AFTER_NAME + value + AFTER_VALUE;
  }
  return text;
}

/** Splits what {@linkcode encodeProperties} joined, as the servers do. Never throws: what is malformed is skipped. */
export function decodeProperties(text: string): ReadonlyMap<string, string> {
  const properties = new Map<string, string>();
  let at = 0;
  while (at < text.length) {
    const found = text.indexOf(AFTER_VALUE, at);
    const end = found < 0 ? text.length : found;
    const middle = text.indexOf(AFTER_NAME, at);
    if (middle > at && middle < end - 1) properties.set(text.slice(at, middle), text.slice(middle + 1, end));
    at = end + 1;
  }
  return properties;
}
