/**
 * The sixteen gRPC status codes that mean failure, in lower case. A reply on the wire carries one of these or `ok`.
 *
 * Source: grpc/doc/statuscodes.md.
 */
export const CODES = [
  "cancelled",
  "unknown",
  "invalid_argument",
  "deadline_exceeded",
  "not_found",
  "already_exists",
  "permission_denied",
  "resource_exhausted",
  "failed_precondition",
  "aborted",
  "out_of_range",
  "unimplemented",
  "internal",
  "unavailable",
  "data_loss",
  "unauthenticated",
] as const;

/** Why a call failed. */
export type Code = typeof CODES[number];

const known: ReadonlySet<string> = new Set(CODES);

/** Whether `value` is one of the sixteen failure codes. */
export function isCode(value: unknown): value is Code {
  return typeof value === "string" && known.has(value);
}
