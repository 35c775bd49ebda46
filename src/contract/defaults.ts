/** Slots of a contract that states none. */
export const DEFAULT_SLOTS = 4;
/** Queues per master of the topics we create: slots can be no more. */
export const QUEUES_PER_MASTER = 16;
/** Longest contract name, so that its group and side groups stay within the broker's limit of 120. */
export const MAX_CONTRACT_NAME = 96;
/** Longest method name, so that the tag stays readable on a console. */
export const MAX_METHOD_NAME = 64;
/** Longest timeout: a day. What must live longer is no call. */
export const MAX_TIMEOUT_MS = 86_400_000;
