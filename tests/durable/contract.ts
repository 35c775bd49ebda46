import { defineService, method } from "rocket-actors";

/** A piece of work, by its label; `ms`: how long it takes. */
export interface Work {
  readonly label: string;
  readonly ms: number;
}

/** What the victims serve and call. */
export const Ledger = defineService("test.Ledger", {
  once: method<Work, string>({ timeoutMs: 20_000, whenAbsent: "wait" }),
  again: method<Work, string>({ timeoutMs: 20_000, whenAbsent: "wait", idempotent: true }),
  keyed: method<Work, string>({ timeoutMs: 20_000, whenAbsent: "wait", key: ({ label }) => label.slice(-1) }),
  told: method.oneway<Work>(),
});

/** Where requests go that must not run again. */
export const DEAD_LETTERS = "%DLQ%rpc-test-Ledger";
/** Its consumer group. */
export const GROUP = "rpc-test-Ledger";
