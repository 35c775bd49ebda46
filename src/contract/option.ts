/**
 * Checks that options are an object, and that each of them is known.
 *
 * @param doing what is being done, such as `declare a method`, for the text of errors
 * @throws {TypeError} on anything else
 */
export function checkOptions(doing: string, options: unknown, known: readonly string[]): void {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new TypeError(`Cannot ${doing}: write its options as an object, such as { ${known[0]}: … }`);
  }
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) {
      throw new TypeError(`Cannot ${doing}: '${name}' is no option; write one of ${known.join(", ")}`);
    }
  }
}

/**
 * Reads an option that is either on or off.
 *
 * @param doing what is being done, such as `declare a method`, for the text of errors
 * @throws {TypeError} unless it is a boolean, or left out
 */
export function flagOption(doing: string, name: string, value: unknown, fallback: boolean): boolean {
  if (value === undefined) return fallback;
  if (typeof value !== "boolean") {
    throw new TypeError(`Cannot ${doing}: '${name}' must be true or false: current value is ${shown(value)}`);
  }
  return value;
}

/** A value that was refused, for the text of errors. */
export function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "an array" : "an object";
  return typeof value === "function" ? "a function" : String(value);
}
