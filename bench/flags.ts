/** Bytes of the smallest body: below it there is no room for the sequence number. */
const LEAST_BODY = 64;

/**
 * The settings that a program's flags say; ends it with how it is called where they make no sense.
 *
 * @param settingsFrom throws `TypeError` or `RangeError` on flags that make no sense
 */
export function settingsOr<S>(settingsFrom: (args: readonly string[]) => S, usage: string): S {
  try {
    return settingsFrom(Deno.args);
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
    // deno-lint-ignore no-console -- a program: what it prints is its user interface
    console.error(`${error.message}\n\n${usage}`);
    Deno.exit(1);
  }
}

/** Reads whole numbers from 1, with commas between them. */
export function wholes(name: string, text: string): number[] {
  return text.split(",").map((one) => whole(name, one, 1));
}

/** Reads the bytes of bodies, with commas between them. */
export function bodiesOf(text: string): number[] {
  return text.split(",").map(bodyBytes);
}

/** Reads the bytes of a body. */
export function bodyBytes(text: string): number {
  return whole("body", text, LEAST_BODY);
}

/** Reads a number above 0. */
export function positive(name: string, text: string): number {
  const value = Number(text);
  if (!(value > 0 && value < Infinity)) {
    throw new RangeError(`--${name} is "${text}"; it has to be a number above 0`);
  }
  return value;
}

/** Reads a whole number. */
export function whole(name: string, text: string, least: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least) {
    throw new RangeError(`--${name} is "${text}"; it has to be a whole number from ${least}`);
  }
  return value;
}
