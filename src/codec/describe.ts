/** Names the kind of a value for messages, never the value itself: bodies are not for logs. */
export function describe(value: unknown): string {
  switch (typeof value) {
    case "object":
      return value === null ? "null" : describeObject(value);
    case "undefined":
      return "undefined";
    case "function":
      return "a function";
    default:
      return `a ${typeof value}`;
  }
}

/** Whether an object was written as `{…}`, or has no prototype at all. */
export function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function describeObject(value: object): string {
  if (Array.isArray(value)) return "an array";
  if (isPlainObject(value)) return "an object";
  const { constructor } = value;
  const name = typeof constructor === "function" ? constructor.name : "";
  return name === "" ? "an instance of a class" : `an instance of ${name}`;
}
