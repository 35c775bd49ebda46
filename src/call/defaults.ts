/** Milliseconds until a call's deadline where neither call, method nor client says. */
export const CALL_TIMEOUT_MS = 5_000;
/** How often one request is started at most, over restarts and process deaths. Fixed: marks count to three. */
export const ATTEMPTS = 3;
/** How long a caller waits beyond its deadline, for the outcome only. */
export const OUTCOME_GRACE_MS = 200;
/** Largest encoded input or output, in bytes. */
export const MAX_BODY_BYTES = 3 * 1024 * 1024;
/** All headers of a message together, in bytes: brokers keep properties below 32,767. */
export const MAX_HEADER_BYTES = 12 * 1024;
/** Longest error text that travels, in bytes. */
export const MAX_ERROR_TEXT_BYTES = 1_024;
/** How long the other end of a stream may say nothing at all, in milliseconds: then it counts as gone. */
export const STREAM_IDLE_MS = 30_000;
