/** How long `serve()` may take, in milliseconds. */
export const SERVE_TIMEOUT_MS = 30_000;
/** Handlers of one function that run at once, per instance. */
export const FUNCTION_CONCURRENCY = 32;
/** What the mailbox of a method holds at most. */
export const METHOD_MAILBOX = { calls: 1_024, bytes: 16 * 1024 * 1024 } as const;
/** What the mailbox of one entity's key holds at most. */
export const ENTITY_MAILBOX = { calls: 64, bytes: 1024 * 1024 } as const;
/** Encoded bytes that all mailboxes of a system hold together. */
export const SYSTEM_MAILBOX_BYTES = 256 * 1024 * 1024;
/** How long a handler may ignore its signal before its slot is taken from it, in milliseconds. */
export const ABANDON_AFTER_MS = 30_000;
/** How long an entity's key may be idle before its actor is passivated, in milliseconds. */
export const PASSIVATE_AFTER_MS = 60_000;
/** Keys of one entity whose actors live at once, per instance. */
export const MAX_CELLS = 10_000;
/** For how long the timer behind all deadlines may go on after the last call, in milliseconds. */
export const WHEEL_LINGER_MS = 250;
