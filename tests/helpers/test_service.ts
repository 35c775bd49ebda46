import { createSystem, type System } from "../../actors/system.ts";
import type { HandlerContext, Handlers } from "../../src/call/handler.ts";
import { createDeferred, type Deferred } from "../../src/async/deferred.ts";
import { defineService } from "../../src/contract/define.ts";
import { method } from "../../src/contract/method.ts";
import { embedded } from "../../src/transport/embedded/mod.ts";
import { ManualClock } from "./manual_clock.ts";

/** A service with one method of each kind. */
export const Service = defineService("test.Service", {
  echo: method<unknown, unknown>({ safe: true }),
  once: method<unknown, unknown>(),
  wait: method<unknown, unknown>({ whenAbsent: "wait" }),
});
/** A later version of the same contract, as a caller may have it. */
export const Later = defineService("test.Service", { ...Service.methods, more: method<unknown, unknown>() });

/** A handler whose types do not matter. */
export type Handler = (input: unknown, context: HandlerContext) => unknown;

/** Handlers of which each does the same. */
export function handlers(once: Handler = (input) => input): Handlers<typeof Service> {
  return { echo: once, once, wait: once };
}

/** A handler that waits for the test, and what it was given. */
export interface Gated {
  /** Answers every call. */
  readonly gate: Deferred<unknown>;
  readonly contexts: HandlerContext[];
  readonly handler: Handler;
}

/** Makes a handler that waits for the test. */
export function gated(): Gated {
  const gate = createDeferred<unknown>();
  const contexts: HandlerContext[] = [];
  const handler: Handler = (_, context) => {
    contexts.push(context);
    return gate.promise;
  };
  return { gate, contexts, handler };
}

/** A system on a clock of its own that serves, one call at a time. */
export async function served(
  once?: Handler,
  clock = new ManualClock(),
): Promise<{ system: System; clock: ManualClock }> {
  const system = await createSystem({ name: "test", transport: embedded(), clock });
  await system.serve(Service, handlers(once), { concurrency: 1 });
  return { system, clock };
}
