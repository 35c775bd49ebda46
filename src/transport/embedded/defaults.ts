/** Largest body that the embedded broker takes, in bytes: as on RocketMQ with room for headers. */
export const MAX_EMBEDDED_BODY_BYTES = 3 * 1024 * 1024;
/** Longest text of headers, keys and tag together, as on RocketMQ. */
export const MAX_EMBEDDED_HEADER_LENGTH = 32_767;
/** Longest delay of a message, in milliseconds: three days, as on RocketMQ. */
export const MAX_EMBEDDED_DELAY_MS = 259_200_000;
/** Messages that the broker keeps, settled ones included. */
export const RETAINED_MESSAGES = 100_000;
/** Bytes of messages that the broker keeps, settled ones included. */
export const RETAINED_BYTES = 256 * 1024 * 1024;
/** How long a settled message is kept, in milliseconds. */
export const RETAINED_MS = 3_600_000;
/** Part of the bounds that is left to what nobody settles: replies, dead letters. */
export const UNCONSUMED_SHARE = 0.1;
/** What a message counts besides its texts and its body, in bytes: about what its objects take. */
export const MESSAGE_OVERHEAD_BYTES = 512;
/** Largest body that is kept beside others in one buffer, in bytes. */
export const SHELVED_BODY_BYTES = 2 * 1024;
/** Size of such a buffer. */
export const SHELF_BYTES = 16 * 1024;
/** How long a dead owner must have been gone before its lock is taken from it, in milliseconds. */
export const TAKEOVER_GRACE_MS = 3_000;
/** How soon the broker notices that an instance is dead, in milliseconds: as when its connection closes. */
export const DEATH_NOTICED_MS = 10;
/** How long a message that was delivered and not settled stays invisible with `perMessage`, in milliseconds. */
export const REDELIVER_AFTER_MS = 30_000;
/** Messages that one queue delivers before others have their turn. */
export const MESSAGES_PER_TURN = 32;
/** Turns that may follow each other before timers and input are served. */
export const TURNS_AT_ONCE = 16;
/** Messages that one transaction of a file writes at most: the event loop stands still meanwhile. */
export const JOURNAL_BATCH_MESSAGES = 4_096;
/** Bytes that one transaction writes at most; a single larger message is written alone. */
export const JOURNAL_BATCH_BYTES = 8 * 1024 * 1024;
/** How long what nobody waits for may wait for a transaction to go along with, in milliseconds. */
export const JOURNAL_LAZY_MS = 100;
/** How soon what is owed to a full disk is tried again, in milliseconds. */
export const JOURNAL_RETRY_MS = 1_000;
