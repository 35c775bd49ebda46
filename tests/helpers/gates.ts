import { createDeferred, type Deferred } from "../../src/async/deferred.ts";

/** Handlers that wait for the test, on a state or without one; `gates` holds the inputs at work. */
export function gated(): {
  readonly gates: Map<unknown, Deferred<unknown>>;
  readonly handler: (input: unknown) => Promise<unknown>;
  readonly answer: (state: unknown, input: unknown) => Promise<unknown>;
} {
  const gates = new Map<unknown, Deferred<unknown>>();
  const handler = (input: unknown) => {
    const gate = createDeferred<unknown>();
    gates.set(input, gate);
    return gate.promise;
  };
  return { gates, handler, answer: (_state, input) => handler(input) };
}
