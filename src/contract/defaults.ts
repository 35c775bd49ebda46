import type { Code } from "../errors/code.ts";

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
/** The code of a declared error that states none. */
export const DECLARED_ERROR_CODE: Code = "failed_precondition";
/** Longest name of a declared error: it travels in a header. */
export const MAX_ERROR_NAME = 64;
/** Issues of a schema that an error's text tells. */
export const ISSUES_TOLD = 3;
/** Issues of a schema that an error keeps. */
export const ISSUES_KEPT = 20;
/** Longest text of one issue, and longest place that one names. */
export const ISSUE_TEXT_LENGTH = 160;
/** Longest text of all issues together: with room to spare below what an error's text may have on the wire. */
export const MAX_SCHEMA_TEXT = 512;
