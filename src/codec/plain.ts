import { MAX_CONTAINERS, MAX_DEPTH } from "./limits.ts";

/** Every key of the forms that JSON has for special values begins so. */
export const MARK = "$rpc:";

const DOLLAR = MARK.charCodeAt(0);
const UNDERSCORE = 0x5f;

/** How many containers this scan may still enter. */
let remaining = 0;

/**
 * Whether a value is made only of what JSON has, so that a plain serializer writes it as it is: objects without a
 * class, arrays without holes, texts, finite numbers other than -0, booleans and null; no key that means something to
 * a codec, no depth and no size that calls for care. Fields that are `undefined` are allowed: serializers leave them
 * out.
 *
 * This is what every body costs, so it answers only yes or no; whoever hears no walks again and says where and why.
 *
 * @param wellFormed whether texts must be well-formed UTF-16 too
 */
export function isPlain(value: unknown, wellFormed: boolean): boolean {
  if (typeof value !== "object" || value === null) return isPlainScalar(value, wellFormed);
  remaining = MAX_CONTAINERS;
  try {
    return isPlainContainer(value, wellFormed, 1);
  } catch {
    // A getter or a proxy threw, or the stack is full: it will happen again to whoever says where.
    return false;
  }
}

function isPlainScalar(value: unknown, wellFormed: boolean): boolean {
  switch (typeof value) {
    case "string":
      return !wellFormed || value.isWellFormed();
    case "number":
      return isPlainNumber(value);
    case "boolean":
      return true;
    default:
      return value === null;
  }
}

/** Finite, and not -0. */
function isPlainNumber(value: number): boolean {
  return value === 0 ? 1 / value > 0 : value - value === 0;
}

function isPlainContainer(value: object, wellFormed: boolean, depth: number): boolean {
  if (depth > MAX_DEPTH || --remaining < 0) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Array.prototype) {
    // Only arrays have this prototype, but for objects that somebody made to look like one.
    return Array.isArray(value) && arePlainItems(value, wellFormed, depth);
  }
  if (prototype !== Object.prototype && prototype !== null) return false;
  for (const key in value) {
    if (isSuspicious(key) || (wellFormed && !key.isWellFormed())) return false;
    const field: unknown = (value as Record<string, unknown>)[key]; // `key` came from `value`
    if (typeof field === "object" && field !== null) {
      if (!isPlainContainer(field, wellFormed, depth + 1)) return false;
    } else if (field !== undefined && !isPlainScalar(field, wellFormed)) return false;
  }
  return true;
}

function arePlainItems(items: readonly unknown[], wellFormed: boolean, depth: number): boolean {
  for (let index = 0; index < items.length; index++) {
    const item = items[index];
    if (typeof item === "object" && item !== null) {
      if (!isPlainContainer(item, wellFormed, depth + 1)) return false;
    } else if (!isPlainScalar(item, wellFormed)) return false;
  }
  return true;
}

/** Whether a key is one that a codec reads, or one that would set a prototype. */
function isSuspicious(key: string): boolean {
  const first = key.charCodeAt(0);
  return (first === DOLLAR && key.startsWith(MARK)) || (first === UNDERSCORE && key === "__proto__");
}
