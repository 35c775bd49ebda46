import {
  defineEntity,
  defineService,
  type Entity,
  type Method,
  method,
  type Oneway,
  type Service,
} from "rocket-actors";

/** One call's work, drawn by its caller. */
export interface Work {
  /** Unique over all callers of a round; several calls, each with a label of its own, may be made for it. */
  readonly piece: string;
  readonly key: string;
  /** How long the handler takes, in milliseconds. */
  readonly ms: number;
  /** What the handler does then; `crash` in its first run only. */
  readonly end: "answer" | "decline" | "crash";
}

/** One method per promise, with and without keys, answered and one-way. */
export type ServiceMethods = {
  readonly safe: Method<Work, string>;
  readonly idempotent: Method<Work, string>;
  readonly once: Method<Work, string>;
  readonly keyed: Method<Work, string>;
  readonly keyedOnce: Method<Work, string>;
  readonly note: Oneway<Work>;
  readonly keyedNote: Oneway<Work>;
};

/** Calls of one key run one at a time, whatever their method. */
export type AccountMethods = {
  readonly look: Method<Work, string>;
  readonly deposit: Method<Work, string>;
};

const wait = { whenAbsent: "wait" } as const;

/**
 * The service of a round; every round has one of its own.
 *
 * @param keys whether its methods with keys have them: on a topic that keeps no order they cannot
 */
export function workService(name: string, keys = true): Service<ServiceMethods> {
  const keyed = keys ? { ...wait, key: ({ key }: Work) => key } : wait;
  return defineService(name, {
    safe: method<Work, string>({ safe: true, ...wait }),
    idempotent: method<Work, string>({ idempotent: true, ...wait }),
    once: method<Work, string>(wait),
    keyed: method<Work, string>({ idempotent: true, ...keyed }),
    keyedOnce: method<Work, string>(keyed),
    note: method.oneway<Work>(),
    keyedNote: method.oneway<Work>({ idempotent: true, ...keyed }),
  });
}

/** The entity of a round. */
export function workAccount(name: string, packing: boolean): Entity<AccountMethods> {
  return defineEntity(`${name}_account`, {
    look: method<Work, string>({ idempotent: true, ...wait }),
    deposit: method<Work, string>(wait),
  }, { packing });
}

/** The header with a call's label: the same work has the same input. */
export const LABEL = "label";

/** Methods that are neither `safe` nor `idempotent`. */
export const ONCE: ReadonlySet<string> = new Set(["once", "keyedOnce", "note", "deposit"]);
/** Methods whose runs have no effect that is counted. */
export const HARMLESS: ReadonlySet<string> = new Set(["safe", "look"]);
/** Methods without an answer. */
export const ONEWAY: ReadonlySet<string> = new Set(["note", "keyedNote"]);

/** What runs one at a time: calls of one key of one method, or of one account. */
export function lineOf(method: string, key: string): string | undefined {
  switch (method) {
    case "keyed":
    case "keyedOnce":
    case "keyedNote":
      return `${method}@${key}`;
    case "look":
    case "deposit":
      return `@${key}`;
    default:
      return undefined;
  }
}
