import { defineService, type Method, method, type Service } from "rocket-actors";

/** One method whose replies a test holds back until all are there, one that answers at once. */
export type FreezeMethods = {
  readonly hold: Method<number, number>;
  readonly echo: Method<number, number>;
};

/** What responders of a freeze serve; each under a name of its own. */
export function freezeContract(name: string): Service<FreezeMethods> {
  return defineService(name, {
    hold: method<number, number>({ idempotent: true, timeoutMs: 60_000 }),
    echo: method<number, number>({ safe: true }),
  });
}
