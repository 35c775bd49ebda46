import type { Code } from "../../src/errors/code.ts";
import type { Outcome } from "../../src/errors/outcome.ts";

/** One way in which a call fails. */
export interface OutcomeRow {
  /** Which code; `any` stands for each of the sixteen. */
  readonly code: Code | "any";
  readonly outcome: Outcome;
  /** When that is so, for the page. */
  readonly when: string;
}

/**
 * Every code and outcome that a call fails with, with what causes it: what the guarantees page states, and what the
 * tests produce. The order is that of the page: the outcomes from "nothing happened" to "it is done".
 */
export const OUTCOME_TABLE = {
  badInput: {
    code: "invalid_argument",
    outcome: "not_sent",
    when:
      "the input does not pass its schema, cannot be encoded, or is too large; a header or a key is not allowed",
  },
  noMethod: {
    code: "unimplemented",
    outcome: "not_sent",
    when: "`invoke()` names a method that the contract does not have",
  },
  nobody: {
    code: "unavailable",
    outcome: "not_sent",
    when: "no instance serves the contract; the broker is down or refuses; the caller is closing",
  },
  brokerFull: {
    code: "resource_exhausted",
    outcome: "not_sent",
    when: "the broker has no room, until the deadline",
  },
  neverSent: {
    code: "deadline_exceeded",
    outcome: "not_sent",
    when:
      "the deadline passed while the call waited to be sent, or that of the call around it has passed already",
  },
  cancelledBefore: {
    code: "cancelled",
    outcome: "not_sent",
    when: "the caller gave up, or was closed, before the call was sent",
  },
  entityCycle: {
    code: "failed_precondition",
    outcome: "not_sent",
    when: "a nested call would wait for the entity that waits for it, or is the 33rd in a chain",
  },
  interceptor: {
    code: "any",
    outcome: "not_sent",
    when: "an interceptor of the caller refused the call with an `RpcError` of that code",
  },
  lostAnswer: {
    code: "unavailable",
    outcome: "sent_unknown",
    when: "the broker's answer to the request was lost; a method that is `idempotent` is tried again instead",
  },
  brokenTransport: {
    code: "unknown",
    outcome: "sent_unknown",
    when: "a transport failed with something that is no `RpcError`",
  },
  noReply: {
    code: "deadline_exceeded",
    outcome: "sent_unknown",
    when: "no reply until the deadline: the handler may be running, or may still run if it is in time",
  },
  gaveUp: {
    code: "cancelled",
    outcome: "sent_unknown",
    when: "the caller gave up, or was closed, after the call was sent",
  },
  streamBroken: {
    code: "unavailable",
    outcome: "sent_unknown",
    when:
      "the instance that produced the stream died or lost its queue, or the two ends did not hear of each other any more",
  },
  streamGap: {
    code: "data_loss",
    outcome: "sent_unknown",
    when: "an item of a stream was lost on its way, and was not found within two seconds",
  },
  mayHaveRun: {
    code: "internal",
    outcome: "sent_unknown",
    when: "its instance died, and the call must not run again, or was started three times: dead letter",
  },
  refusedSuspect: {
    code: "unimplemented",
    outcome: "sent_unknown",
    when: "refused (see `rejected`; any code of it) after an earlier instance may have started it",
  },
  expired: {
    code: "deadline_exceeded",
    outcome: "expired",
    when: "stored, but the deadline passed before a handler started, or less than `minRemainingMs` was left",
  },
  badBody: {
    code: "invalid_argument",
    outcome: "rejected",
    when: "the callee cannot read the body, or its schema or its key differ from the caller's",
  },
  unknownMethod: {
    code: "unimplemented",
    outcome: "rejected",
    when:
      "the callee serves another contract: without that method, or with a stream where the caller has none",
  },
  sameKey: {
    code: "failed_precondition",
    outcome: "rejected",
    when: "the idempotency key was used for another input; a call would wait for itself; another queue plan",
  },
  suspended: {
    code: "unavailable",
    outcome: "rejected",
    when:
      "the method is suspended by its supervisor, the store cannot be asked, or too many streams run there, until the deadline",
  },
  slowSchema: {
    code: "internal",
    outcome: "rejected",
    when: "the schema of the input took longer than five seconds",
  },
  answerLost: {
    code: "internal",
    outcome: "executed_reply_lost",
    when:
      "the handler ran, and its answer does not pass its schema, cannot be encoded or read, or is no longer kept",
  },
  tooLate: {
    code: "deadline_exceeded",
    outcome: "executed_reply_lost",
    when: "the handler ran, and its reply came up to 200 ms after the deadline",
  },
  answered: {
    code: "any",
    outcome: "replied",
    when:
      "the handler threw an `RpcError` of that code, or a declared error (`failed_precondition` unless it says otherwise)",
  },
  crashed: {
    code: "internal",
    outcome: "replied",
    when: "the handler threw anything else, as often as it may run: dead letter",
  },
  retriedInVain: {
    code: "unavailable",
    outcome: "replied",
    when: "the handler asked for another attempt, and no attempt or no time was left: dead letter",
  },
} as const satisfies Readonly<Record<string, OutcomeRow>>;

/** The name of a row. */
export type OutcomeName = keyof typeof OUTCOME_TABLE;
