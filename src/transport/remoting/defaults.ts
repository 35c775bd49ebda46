/** How often a broker with owned queues is asked for a sign of life, in milliseconds. */
export const PROBE_INTERVAL_MS = 500;
/** An owner that has had no answer for this long gives its queues up; always well below the grace. Milliseconds. */
export const OWNER_LIMIT_MS = 1_500;
/** How long a recorded owner must have been gone before its lock is taken from it, in milliseconds. */
export const TAKEOVER_GRACE_MS = 3_000;
/** How often locks are renewed: brokers let them go after 60 s. Milliseconds. */
export const RELOCK_INTERVAL_MS = 20_000;
/** Pause between tries to lock a queue whose owner is gone or unknown, in milliseconds. */
export const LOCK_RETRY_MS = 100;
/** Pause between tries to lock a queue whose living owner is about to hand it over, in milliseconds. */
export const HANDOVER_RETRY_MS = 15;
/** How often heartbeats are sent: brokers forget a client after 120 s. Milliseconds. */
export const HEARTBEAT_INTERVAL_MS = 30_000;
/** After a reconnect the registration for replies is made a second time this much later, in milliseconds. */
export const REREGISTER_AFTER_MS = 2_000;
/** How long a broker holds a pull that finds nothing, in milliseconds. */
export const PULL_SUSPEND_MS = 15_000;
/** When a pull counts as unanswered; brokers may answer 5 s after the suspend time. Milliseconds. */
export const PULL_TIMEOUT_MS = 30_000;
/** Most messages one pull can bring: brokers cap at it silently. */
export const PULL_MESSAGES = 32;
/** First and longest pause after a pull that failed, in milliseconds. */
export const PULL_RETRY_MS = { initialMs: 100, maxMs: 2_000 } as const;
/** Pulls in a row that may find the queue shorter than what was read of it. */
export const PULLS_BEYOND_END = 20;
/** Pause between them, in milliseconds. */
export const BEYOND_END_PAUSE_MS = 50;
/** First and longest pause after a takeover that failed, in milliseconds. */
export const TAKEOVER_RETRY_MS = { initialMs: 100, maxMs: 2_000 } as const;
/** Longer than either where an account is refused: an operator has to do something first. Milliseconds. */
export const REFUSED_RETRY_MS = 10_000;
/** A commit follows a settled message after this long, where no pull has carried it. Milliseconds. */
export const COMMIT_AFTER_MS = 100;
/** Deadline of a request that a broker answers at once, in milliseconds. */
export const REQUEST_TIMEOUT_MS = 3_000;
/** Deadline of a reply's send: the broker pushes it before it answers, and gives a dead requester 10 s. */
export const REPLY_TIMEOUT_MS = 12_000;
/** Largest body, in bytes: brokers refuse messages of 4 MiB, headers included. */
export const MAX_REMOTING_BODY_BYTES = 3 * 1024 * 1024;
/** Longest delay of a message, in milliseconds: what brokers are set up for by default. */
export const MAX_REMOTING_DELAY_MS = 259_200_000;
/** Brokers that a reply is tried at: that of its request, and one other. */
export const REPLY_TRIES = 2;
/** Brokers that a message without a request is tried at, until one of them reaches its instance. */
export const DIRECT_TRIES = 4;
/** Producer group under which callers register to be found by replies. */
export const CALLER_GROUP = "rpc-callers";
/** Pause between looks for this instance in its broker's member list, at the start. Milliseconds. */
export const FIRST_ROUND_RETRY_MS = 100;
/** Messages that a look-up of a stored reply reads at most: a reply may have been stored more than once. */
export const LOOKUP_MESSAGES = 4;
