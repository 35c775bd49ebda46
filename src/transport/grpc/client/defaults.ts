/** How long a connection may take to be made, TLS included, before it is tried again. Milliseconds. */
export const CONNECT_TIMEOUT_MS = 5_000;
/** The same where there is another endpoint: a request that waits for a connection shall live to see it. Milliseconds. */
export const CONNECT_TURN_MS = 2_000;
/** First and longest pause before the next endpoint is tried: gRPC's own goes up to two minutes. Milliseconds. */
export const RECONNECT_MS = { initialMs: 50, maxMs: 1_000 } as const;
/** How long a request waits for a connection before it fails. Milliseconds. */
export const CONNECTION_WAIT_MS = 3_000;
/** Deadline of a request that the proxy answers at once. Milliseconds. */
export const REQUEST_TIMEOUT_MS = 3_000;
/** How long a channel that has failed waits by itself, though nobody uses it any more. Milliseconds. */
export const CHANNEL_BACKOFF_MS = 1;
/** After which nothing of it is left: its attempts to connect wait for each other for 250 ms. Milliseconds. */
export const CHANNEL_END_MS = 300;
/**
 * How often a client says that it is there: proxies forget one after 120 s. One that does not answer shows that the
 * connection is dead. Milliseconds.
 */
export const HEARTBEAT_MS = 10_000;
/** How long a proxy may take to answer a client's settings. Milliseconds. */
export const SETTINGS_TIMEOUT_MS = 3_000;
/** First and longest pause before a telemetry stream is opened again. Milliseconds. */
export const TELEMETRY_RETRY_MS = { initialMs: 50, maxMs: 1_000 } as const;
/** How long a client that leaves waits for its proxy to take note. Milliseconds. */
export const FAREWELL_MS = 1_000;
/** Largest answer that is read, in bytes: a message of 4 MiB with its properties and more. */
export const MAX_RECEIVE_BYTES = 16 * 1024 * 1024;
/** How much longer than its poll a receive may take. Milliseconds. */
export const RECEIVE_GRACE_MS = 3_000;
/** First and longest pause after a receive that failed. Milliseconds. */
export const RECEIVE_RETRY_MS = { initialMs: 50, maxMs: 1_000 } as const;
/** A receive that found nothing sooner than this is followed by a pause: else it would spin. Milliseconds. */
export const HASTY_MS = 200;
/** When a receive is held that was begun right behind messages, a second look is taken after this. Milliseconds. */
export const LOOK_AGAIN_MS = 30;
/** Most messages of one receive: brokers cap at it silently. */
export const RECEIVE_MESSAGES = 32;
/** Most messages of one send. */
export const SEND_MESSAGES = 64;
/** Most bytes of a send with more than one message. */
export const SEND_BYTES = 1024 * 1024;
/** Unanswered sends to one topic while further messages gather. */
export const SENDS_AT_ONCE = 4;
/** Most receipts of one acknowledgement. */
export const ACK_ENTRIES = 256;
/** How long receipts gather: a process that dies leaves as many messages to come again. Milliseconds. */
export const ACK_DELAY_MS = 20;
/** How long those of replies gather: nobody waits for them, and nobody gets them a second time. Milliseconds. */
export const REPLY_ACK_DELAY_MS = 200;
/** First and longest pause after an acknowledgement that failed. Milliseconds. */
export const ACK_RETRY_MS = { initialMs: 50, maxMs: 1_000 } as const;
