import { MAX_DEPTH } from "./limits.ts";

/** Whether a value made by a parser, so without cycles, has arrays and objects deeper than is allowed. */
export function isTooDeep(value: unknown): boolean {
  return typeof value === "object" && value !== null && exceeds(value, 1);
}

function exceeds(container: object, depth: number): boolean {
  if (depth > MAX_DEPTH) return true;
  if (Array.isArray(container)) {
    for (const item of container) {
      if (typeof item === "object" && item !== null && exceeds(item, depth + 1)) return true;
    }
    return false;
  }
  for (const key in container) {
    const field: unknown = (container as Record<string, unknown>)[key]; // `key` came from `container`
    if (typeof field === "object" && field !== null && exceeds(field, depth + 1)) return true;
  }
  return false;
}
