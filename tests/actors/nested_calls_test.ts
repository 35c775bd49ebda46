/** Calls inside handlers, on an embedded broker: what they inherit, and what ends them. */
import assert from "node:assert/strict";
import { CallContext } from "../../actors/cells/call_context.ts";
import { createClient } from "../../actors/client.ts";
import { createSystem, type System } from "../../actors/system.ts";
import { createDeferred } from "../../src/async/deferred.ts";
import type { HandlerContext } from "../../src/call/handler.ts";
import { defineEntity, defineService } from "../../src/contract/define.ts";
import { method } from "../../src/contract/method.ts";
import type { RpcError } from "../../src/errors/rpc_error.ts";
import { embedded, embeddedBroker } from "../../src/transport/embedded/mod.ts";
import { ManualClock } from "../helpers/manual_clock.ts";
import { assertFails, failureOf, turns, until } from "../helpers/settled.ts";

const Outer = defineService("test.Outer", {
  run: method<unknown, unknown>(),
  tell: method.oneway<unknown>(),
});
const Inner = defineService("test.Inner", {
  run: method<unknown, unknown>(),
  again: method<unknown, unknown>({ idempotent: true }),
  tell: method.oneway<unknown>(),
});
const Account = defineEntity("test.Account", { visit: method<unknown, unknown>() });
const VISIT = { contract: Account, method: "visit", key: "acc-1" } as const;

type Run = (input: unknown, context: HandlerContext) => unknown;

/** A system whose outer handler does as told, and whose inner one keeps its contexts. */
class Nest implements AsyncDisposable {
  readonly system: System;
  readonly clock: ManualClock;
  readonly inner: HandlerContext[] = [];

  private constructor(system: System, clock: ManualClock) {
    this.system = system;
    this.clock = clock;
  }

  static async start(outer: (nest: Nest) => Run, inner: Run = (input) => input): Promise<Nest> {
    const clock = new ManualClock();
    const system = await createSystem({ name: "test", transport: embedded(), clock });
    const nest = new Nest(system, clock);
    const run = outer(nest);
    const kept: Run = (input, context) => {
      nest.inner.push(context);
      return inner(input, context);
    };
    await system.serve(Inner, { run: kept, again: kept, tell: kept as () => void });
    await system.serve(Outer, { run, tell: run as () => void });
    return nest;
  }

  /** Lets what is ready run, and time pass. */
  async pass(ms: number): Promise<void> {
    await turns(5);
    this.clock.advance(ms);
    await turns(5);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.system.close();
    assert.equal(this.clock.timers, 0);
  }
}

function pathOf(context: unknown): readonly string[] {
  return context instanceof CallContext ? context.scope.path : [];
}

Deno.test("ctx.client calls inherit the deadline that is left, and the path", async () => {
  const hold = createDeferred<void>();
  await using nest = await Nest.start(() => async (_, ctx) => {
    await hold.promise;
    return await ctx.client(Inner).run("in");
  });
  const call = nest.system.client(Outer).run(1, { timeoutMs: 1_000 });
  await nest.pass(400);
  hold.resolve();
  assert.equal(await call, "in");
  assert.equal(nest.inner[0]?.remainingMs(), 600);
  // What the callee keeps of the path is the scope of calls that it makes itself.
  assert.deepEqual(pathOf(nest.inner[0]), ["test.Outer/run", "test.Inner/run"]);
});

Deno.test("ctx.client calls fail at the deadline of the call around them, without waiting for the outcome", async () => {
  const hold = createDeferred<unknown>();
  let nested: RpcError | undefined;
  await using nest = await Nest.start(
    () => async (_, ctx) => nested = await failureOf(ctx.client(Inner).run("in")),
    () => hold.promise,
  );
  const call = nest.system.client(Outer).run(1, { timeoutMs: 1_000 });
  const failed = assertFails(call, "deadline_exceeded", "executed_reply_lost");
  await nest.pass(1_020);
  assert.deepEqual([nested?.code, nested?.outcome], ["deadline_exceeded", "sent_unknown"]);
  hold.resolve(1);
  await failed;
});

Deno.test("ctx.client refuses calls once the deadline of the call around them has passed", async () => {
  const hold = createDeferred<void>();
  let nested: RpcError | undefined;
  await using nest = await Nest.start(() => async (_, ctx) => {
    await hold.promise;
    nested = await failureOf(ctx.client(Inner).run("in"));
  });
  const call = nest.system.client(Outer).run(1, { timeoutMs: 1_000 });
  const failed = assertFails(call, "deadline_exceeded", "executed_reply_lost");
  await nest.pass(1_020);
  hold.resolve();
  await failed;
  assert.deepEqual([nested?.code, nested?.outcome, nest.inner.length], ["deadline_exceeded", "not_sent", 0]);
});

Deno.test("ctx.client works where the async context is lost, and a client made elsewhere where it is not", async () => {
  const broker = embeddedBroker();
  const elsewhere = await createClient({ name: "elsewhere", transport: embedded(broker) });
  const detached: (() => void)[] = [];
  const paths: (readonly string[])[] = [];
  await using system = await createSystem({ name: "test", transport: embedded(broker) });
  await system.serve(Inner, {
    run: (input, ctx) => {
      paths.push(pathOf(ctx));
      return [input, ctx.caller?.split("/")[0], ctx.deadline];
    },
    again: () => {},
    tell: () => {},
  });
  await system.serve(Outer, {
    run: async (_, ctx) => {
      const lost = createDeferred<unknown>();
      detached.push(() => void ctx.client(Inner).run("lost").then(lost.resolve, lost.reject));
      const found = await elsewhere.client(Inner).run("found");
      return [await lost.promise, found, ctx.deadline];
    },
    tell: () => {},
  });
  const call = system.client(Outer).run(1, { timeoutMs: 3_000 });
  await until(() => detached.length > 0);
  // Outside of the handler: nothing here tells which call is around this one.
  detached[0]?.();
  const [lost, found, deadline] = await call as [unknown[], unknown[], number];
  assert.deepEqual([lost.slice(0, 2), found.slice(0, 2)], [["lost", "test"], ["found", "elsewhere"]]);
  // Both ends have one clock here, whose readings differ by what a call takes.
  for (const nested of [lost, found]) assert.ok(Math.abs(Number(nested[2]) - deadline) < 100);
  assert.deepEqual(paths, Array(2).fill(["test.Outer/run", "test.Inner/run"]));
  await elsewhere.close();
});

Deno.test("System.invoke() inside a handler refuses a cycle through an entity before it is sent, and names the path", async () => {
  await using system = await createSystem({ name: "test", transport: embedded() });
  let visits = 0;
  await system.serve(Account, () => ({
    visit: async (_, ctx) => {
      visits++;
      return await ctx.client(Outer).run("back");
    },
  }));
  await system.serve(Outer, {
    run: async () => {
      const failure = await failureOf(system.invoke(VISIT, "again"));
      return [failure.code, failure.outcome, failure.message];
    },
    tell: () => {},
  });
  const [code, outcome, message] = await system.invoke(VISIT, "first") as string[];
  assert.deepEqual([code, outcome, visits], ["failed_precondition", "not_sent", 1]);
  assert.match(message ?? "", /test\.Account@acc-1 -> test\.Outer\/run -> test\.Account@acc-1/);
});

Deno.test("ctx.client one-way calls outlive the call around them, and may come back to it", async () => {
  await using system = await createSystem({ name: "test", transport: embedded() });
  const told: unknown[] = [];
  await system.serve(Account, () => ({
    visit: async (input, ctx) => input === "first" && typeof (await ctx.client(Outer).tell("told")).messageId,
  }));
  await system.serve(Outer, {
    run: () => {},
    tell: async (input, ctx) => {
      // Nobody waits for this handler, so that it may wait for whoever told it.
      const second = await system.invoke(VISIT, "second");
      told.push(input, ctx.deadline, second);
    },
  });
  assert.equal(await system.invoke(VISIT, "first"), "string");
  await until(() => told.length > 0);
  assert.deepEqual(told, ["told", Infinity, false]);
});

Deno.test("ctx.client calls run the system's interceptors", async () => {
  const seen: string[] = [];
  await using system = await createSystem({
    name: "test",
    transport: embedded(),
    interceptors: [(call, next) => (seen.push(`${call.contract.name}/${call.method}`), next(call))],
  });
  await system.serve(Inner, { run: (_, ctx) => ctx.headers.get("tenant"), again: () => {}, tell: () => {} });
  await system.serve(Outer, { run: (_, ctx) => ctx.client(Inner).run(2), tell: () => {} });
  const client = system.client(Outer, {
    interceptors: [(call, next) => next({ ...call, options: { headers: { tenant: "t1" } } })],
  });
  assert.equal(await client.run(1), undefined, "headers are not handed down");
  assert.deepEqual(seen, ["test.Outer/run", "test.Inner/run"]);
});
