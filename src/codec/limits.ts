/** Arrays, objects, Maps and Sets may lie within each other this deep: enough for data, and safe for every stack. */
export const MAX_DEPTH = 200;

/**
 * How many of them a value may have that is encoded. About as many fit into a message; but a value that holds the same
 * object many times over, level by level, could have any number, and must not be walked to its end.
 */
export const MAX_CONTAINERS = 1_000_000;

/** Size of the largest bigint, sign included: beyond this, reading digits takes long enough to be an attack. */
export const MAX_BIGINT_BITS = 8_192;

/** Whether a bigint has a form in the codecs that carry any bigint. */
export function isCarried(value: bigint): boolean {
  return BigInt.asIntN(MAX_BIGINT_BITS, value) === value;
}
