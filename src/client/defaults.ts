/** Calls of one client that may be under way; further ones wait until their deadline. */
export const MAX_IN_FLIGHT = 4_096;
/** Calls that one request pack carries at most. */
export const PACK_CALLS = 128;
/** Bytes that one request pack carries at most; a single larger call travels alone. */
export const PACK_BYTES = 256 * 1024;
/** Bytes of bodies from which a queue gets no further pack before its owner has had time to take them. */
export const SHARE_BYTES = 64 * 1024;
/** How long a member seen counts as present without another look, in milliseconds. */
export const PRESENCE_KEPT_MS = 5_000;
/** How far apart two looks for an absent service are, in milliseconds. */
export const PRESENCE_LOOK_MS = 1_000;
/** How long looks for an absent service go on after the last call to it, in milliseconds. */
export const PRESENCE_IDLE_MS = 10_000;
/** First and longest pause before a call is sent again, in milliseconds. */
export const RESEND_PAUSE_MS = { initialMs: 50, maxMs: 1_000 } as const;
/** Look-ups of replies that may have been missed, under way at once; as many of streams. */
export const MISSED_LOOKUPS_AT_ONCE = 16;
/** How many calls may be nested in each other. */
export const CHAIN_HOPS = 32;
/** Contracts of which a client remembers who serves them; those that no call needs are forgotten first. */
export const KNOWN_CONTRACTS = 1_024;
/** Owners of queues whose direct addresses a client remembers. */
export const KNOWN_OWNERS = 4_096;
/** Items of a stream that may be on their way, or wait for their reader. */
export const STREAM_ITEMS = 64;
/** Encoded bytes of these; a larger item still goes when nothing else is on its way. */
export const STREAM_BYTES = 1024 * 1024;
/** By how much a producer may go beyond what it was granted, before its stream is ended: by this factor. */
export const STREAM_EXCESS = 4;
/** How long a missing item of a stream is waited for, in milliseconds. */
export const STREAM_GAP_MS = 2_000;
/** How often a stream is looked after, in milliseconds. */
export const STREAM_LOOK_MS = 500;
/** First and longest time after which a producer that sends nothing is asked whether it is there, in milliseconds. */
export const STREAM_PING_MS = { initialMs: 2_000, maxMs: 10_000 } as const;
/** How long such a question may stay unanswered, in milliseconds. */
export const STREAM_PING_LIMIT_MS = 5_000;
/** How often a producer hears of its reader at least, in milliseconds. */
export const STREAM_HEARTBEAT_MS = 10_000;
