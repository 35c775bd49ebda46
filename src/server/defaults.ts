/** How long handlers may go on when a partition is handed over, in milliseconds; then they are aborted. */
export const DRAIN_LIMIT_MS = 5_000;
/** How long a hand-over waits for starts that are being recorded; those that cannot be are given up. Milliseconds. */
export const RECORD_LIMIT_MS = 250;
/** A call that expired longer ago than this is not answered: nobody waits any more. Milliseconds. */
export const EXPIRED_ANSWERED_MS = 200;
/** Messages asked for at a time while a partition's mailboxes have room. */
export const PULL_AHEAD = 32;
/** Places of one queue from the first unsettled message to the last one pulled; beyond it nothing more is pulled. */
export const SPAN_LIMIT = 10_000;
/** Replies that one reply pack carries at most. */
export const REPLY_PACK_CALLS = 256;
/** Bytes that one reply pack carries at most; a single larger reply travels alone. */
export const REPLY_PACK_BYTES = 256 * 1024;
/** Addresses of which a service remembers that it has replied to them; those that nothing is under way to go first. */
export const LANES_KEPT = 256;
/** Unanswered replies to one plain requester at once. */
export const PLAIN_REPLIES_AT_ONCE = 4;
/** Calls that the duplicate window of one partition remembers at least, once there were as many: the whole span. */
export const WINDOW_CALLS = SPAN_LIMIT;
/** Encoded bytes of the replies that one duplicate window keeps. */
export const WINDOW_BYTES = 16 * 1024 * 1024;
/** Age from which the duplicate window forgets, in milliseconds. */
export const WINDOW_AGE_MS = 600_000;
/** Look-ups of stored replies under way at once, per service. */
export const LOOKUPS_AT_ONCE = 16;
/** A clock that is off the broker's by more than this is reported, in milliseconds. */
export const CLOCK_SKEW_MS = 500;
/** For how long after the first delivery a larger skew is taken for an old message, in milliseconds. */
export const CLOCK_LEARNING_MS = 10_000;
/** First and longest pause between tries to store a reply or a dead letter, in milliseconds. */
export const RETRY_PAUSE_MS = { initialMs: 50, maxMs: 2_000 } as const;
/** The pause is longer by this much where the account lacks the permission: an operator has to act first. Milliseconds. */
export const REFUSED_PAUSE_MS = 10_000;
/** Longest wait for another attempt that a call spends in place, in milliseconds; longer ones are stored again. */
export const IN_PLACE_MS = 2_000;
/** How long a call may hold back settled messages behind it before it is copied, in milliseconds. */
export const MAX_HOLD_MS = 30_000;
/** How long some calls of a pack may run before those that have not started are sent again alone, in milliseconds. */
export const PACK_HOLD_MS = 1_000;
/** How often what holds a queue is looked for, in milliseconds. */
export const SWEEP_MS = 250;
/** Calls of one partition that one look lets go of at most. */
export const SWEEP_CALLS = 256;
/** How long a claim to a piece of work is good without renewal, in milliseconds: less than a dead owner may be missed. */
export const STORE_LEASE_MS = 4_000;
/** How long a store may take over one answer, in milliseconds. */
export const STORE_LIMIT_MS = 2_000;
/** First and longest pause between looks at work that another call does, in milliseconds. */
export const STORE_PAUSE_MS = { initialMs: 25, maxMs: 500 } as const;
/** How long a schema may take over one value, in milliseconds; an input's at most until its call's deadline. */
export const VALIDATION_LIMIT_MS = 5_000;
/** Cancels of calls that have not come yet, remembered per service. */
export const CANCELS_REMEMBERED = 1_024;
/** For how long a cancel is remembered whose call has not come yet, in milliseconds. */
export const CANCEL_KEPT_MS = 5_000;
/** Calls by direct address under way at once; beyond it they are refused. */
export const DIRECT_CALLS = 256;
/** Age from which the queue plan is looked up again while it is used, in milliseconds. */
export const PLAN_KEPT_MS = 5_000;
/** Age from which the queue plan is looked up again before a call is refused by it, in milliseconds. */
export const PLAN_TRUSTED_MS = 1_000;
/** How often a queue plan is looked up at most because callers know a later one, in milliseconds. */
export const PLAN_BEHIND_MS = 50;
/** Parts of a stream that one message carries at most. */
export const STREAM_PACK_ITEMS = 64;
/** Items of a stream that its reader has not taken at most, whatever it grants: each is remembered. */
export const STREAM_UNTAKEN_ITEMS = 4_096;
/** How long ends of streams may still be stored while their service stops, in milliseconds. */
export const STREAM_CLOSE_MS = 1_000;
/** Streams of one service that have begun and have not ended; beyond it further ones are refused before they begin. */
export const STREAMS_AT_ONCE = 4_096;
