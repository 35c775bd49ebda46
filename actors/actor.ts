import type { Actor, CellContext } from "../src/call/handler.ts";
import type { Awaitable } from "../src/contract/types.ts";

/**
 * Marks a factory of a handler with private state. The handler runs one call at a time. When it crashes, its state is
 * thrown away and the factory is called again; `[Symbol.asyncDispose]()` or `[Symbol.dispose]()` on what the factory
 * returned is awaited before, and whenever the actor stops.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { actor, createSystem, defineService, embedded, method } from "rocket-actors";
 *
 * const Tickets = defineService("demo.Tickets", { next: method<void, number>() });
 *
 * await using system = await createSystem({ name: "demo", transport: embedded() });
 * await system.serve(Tickets, {
 *   next: actor(() => {
 *     let last = 0;
 *     return () => ++last;
 *   }),
 * });
 *
 * const { next } = system.client(Tickets);
 * assert.deepEqual([await next(), await next()], [1, 2]);
 * ```
 *
 * @param factory makes the handler, now or later; called when the service starts and after every restart
 * @throws {TypeError} unless `factory` is a function
 */
export function actor<H>(factory: (cell: CellContext) => Awaitable<H>): Actor<H> {
  if (typeof factory !== "function") {
    throw new TypeError(
      `Cannot make an actor of ${typeof factory}: write a function that returns the handler, actor(() => handler)`,
    );
  }
  return Object.freeze({ "~actor": factory });
}

/** Whether a value was made by {@linkcode actor}. */
export function isActor(value: unknown): value is Actor<unknown> {
  return typeof value === "object" && value !== null && "~actor" in value &&
    typeof value["~actor"] === "function";
}
