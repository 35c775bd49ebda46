/** How long a receive is held when there is nothing: the least that proxies are set up for. Milliseconds. */
export const POLL_MS = 5_000;
/** Shortest and longest that a proxy can be told. Milliseconds. */
export const POLL_RANGE_MS = { least: 100, most: 20_000 } as const;
/** How long a message that is delivered and not settled stays invisible. Milliseconds. */
export const REDELIVER_AFTER_MS = 30_000;
/** Shortest and longest that a proxy can be told. Milliseconds. */
export const REDELIVER_RANGE_MS = { least: 1_000, most: 43_200_000 } as const;
/** How long a reply stays invisible to the one who reads it, should it die meanwhile. Milliseconds. */
export const REPLY_INVISIBLE_MS = 10_000;
/** How long replies are waited for at a time: as long as one lies there whose arrival a broker failed to notice. Milliseconds. */
export const REPLY_POLL_MS = 5_000;
/** Pause between messages by which an instance finds out whether it is reached. Milliseconds. */
export const HELLO_RETRY_MS = 250;
/** How long the first of them may take to come. Milliseconds. */
export const HELLO_LIMIT_MS = 15_000;
/** How long a start waits for a connection, for each endpoint there is. Milliseconds. */
export const START_LIMIT_MS = 3_000;
/** How long it waits for all of them together. Milliseconds. */
export const START_LONGEST_MS = 15_000;
/** How long a subscription waits for its proxy. Milliseconds. */
export const SUBSCRIBE_LIMIT_MS = 10_000;
/** Messages of a subscription that wait here for a partition with room; with more, nothing is received. */
export const HELD_MESSAGES = 64;
/** Messages that are given back at once when a subscription ends. */
export const GIVE_BACK_AT_ONCE = 16;
/** How long giving back may take. Milliseconds. */
export const GIVE_BACK_LIMIT_MS = 3_000;
/** Shorter waits of a message with a message group pass here: its handle must outlive them by this. Milliseconds. */
export const HANDLE_MARGIN_MS = 1_000;
/** Age from which the route of a topic is looked up again while it is used. Milliseconds. */
export const ROUTE_KEPT_MS = 30_000;
/** A route older than this is looked up again when a send by it has failed. Milliseconds. */
export const SUSPECT_AFTER_MS = 1_000;
/** How long the answer counts that there is no such topic. Milliseconds. */
export const ABSENCE_KEPT_MS = 1_000;
/** Topics whose routes are remembered. */
export const KNOWN_ROUTES = 4_096;
/** Largest body, in bytes. */
export const MAX_GRPC_BODY_BYTES = 3 * 1024 * 1024;
/** Bodies beyond this are refused here: proxies take 4 MiB, and give nothing larger back with its properties. */
export const MOST_BODY_BYTES = 4 * 1024 * 1024 - 64 * 1024;
/** Longest text of all headers, keys and the tag together: proxies refuse 16 KiB. */
export const MAX_HEADER_LENGTH = 16_000;
/** Most headers of one message: proxies refuse more than 128, and some are the transport's. */
export const MAX_HEADERS = 120;
/** Largest body after decompression. */
export const MAX_UNPACKED_BYTES = 8 * 1024 * 1024;
