import type { Actors } from "../actors/actors.ts";
import { EntityActors } from "../actors/entity.ts";
import type { ServeOptions } from "../actors/serve_options.ts";
import { ServiceActors } from "../actors/service.ts";
import type { Sources } from "../actors/parts.ts";
import { createProxy } from "../src/client/proxy.ts";
import { invalid } from "../src/client/refusal.ts";
import type { Invoke } from "../src/call/call.ts";
import type { Implementation } from "../src/call/handler.ts";
import type { Client, Contract } from "../src/contract/types.ts";
import { RpcError } from "../src/errors/rpc_error.ts";
import { Desk, type Nested } from "./desk.ts";

/** How a service or an entity is tested alone. */
export interface TestClientOptions<C extends Contract = Contract> extends Sources {
  /** As for `serve`, as far as it concerns handlers: concurrency, mailboxes, supervision, interceptors. */
  readonly serve?: Omit<ServeOptions<C>, "store" | "signal"> | undefined;
  /** Test clients of the contracts that handlers call: what they find with `ctx.client`. */
  // deno-lint-ignore no-explicit-any -- whichever contracts they are of
  readonly nested?: readonly TestClient<any>[] | undefined;
}

/** A typed proxy of a contract whose handlers run behind it. Dispose of it when the test is done. */
export type TestClient<C extends Contract> = Client<C> & AsyncDisposable;

/** By test client: how its contract is called. */
const desks = new WeakMap<object, Desk>();

/**
 * Calls handlers without a transport. What a call meets is what it meets in a system: schemas and codec in both
 * directions, declared errors, deadlines and cancels, keys, mailboxes, actors and their restarts, attempts,
 * interceptors, nested calls. What is missing is what a broker brings: queues, owners, packs, presence, retries by the
 * caller, dead letters.
 *
 * A one-way call resolves when its handler has ended, not when a broker has it; and where it would become a dead letter,
 * it rejects with the reason: a test wants to know both. Actors start with the first call.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { defineService, method, RpcError, type } from "rocket-actors";
 * import { testClient } from "rocket-actors/testing";
 *
 * const Payments = defineService("bank.Payments", {
 *   pay: method<{ cents: number }, string, { Short: { missing: number } }>({ errors: { Short: type() } }),
 * });
 *
 * await using payments = testClient(Payments, {
 *   pay: ({ cents }, ctx) => {
 *     if (cents > 100) throw ctx.error("Short", { missing: cents - 100 });
 *     return "paid";
 *   },
 * });
 * assert.equal(await payments.pay({ cents: 5 }), "paid");
 * await assert.rejects(payments.pay({ cents: 105 }), (error) => RpcError.from(error).is(Payments, "Short"));
 * ```
 *
 * @param contract a service or an entity
 * @param implementation as for `serve`
 * @param options sources of time and chance; the machine's own by default
 * @throws {TypeError} when the implementation does not fit the contract, or an option has no meaning
 * @throws {RangeError} on options out of their range
 */
export function testClient<C extends Contract>(
  contract: C,
  implementation: Implementation<C>,
  options: TestClientOptions<C> = {},
): TestClient<C> {
  const nested: Nested = (name) => {
    for (const client of options.nested ?? []) {
      const found = desks.get(client);
      if (found?.contract.name === name) return found;
    }
    return undefined;
  };
  const desk = new Desk(
    contract,
    options,
    nested,
    (host): Actors =>
      contract.kind === "entity"
        ? new EntityActors(contract, implementation, options.serve ?? {}, host)
        : new ServiceActors(contract, implementation, options.serve ?? {}, host),
  );
  const invoke: Invoke = async (call) => {
    try {
      return await desk.call(call, undefined);
    } catch (error) {
      throw error instanceof RpcError ? error : invalid(error);
    }
  };
  const end = { [Symbol.asyncDispose]: () => desk.close() };
  const client: TestClient<C> = Object.assign({ ...createProxy(contract, invoke) }, end);
  desks.set(Object.freeze(client), desk);
  return client;
}
