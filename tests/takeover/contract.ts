import { defineService, type Method, method, type Service } from "rocket-actors";

/** A piece of work: its number, and how long the handler takes, in milliseconds. */
export interface Work {
  readonly n: number;
  readonly ms: number;
}

/** One method per promise, all doing the same. */
export type WorkMethods = {
  readonly safe: Method<Work, number>;
  readonly idempotent: Method<Work, number>;
  readonly once: Method<Work, number>;
};

/** The contract that callee processes serve; every test has one of its own. */
export function workContract(name: string): Service<WorkMethods> {
  return defineService(name, {
    safe: method<Work, number>({ safe: true, whenAbsent: "wait" }),
    idempotent: method<Work, number>({ idempotent: true, whenAbsent: "wait" }),
    once: method<Work, number>({ whenAbsent: "wait" }),
  });
}
