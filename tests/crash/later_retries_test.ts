import assert from "node:assert/strict";
import { createSystem } from "../../actors/system.ts";
import type { HandlerContext } from "../../src/call/handler.ts";
import { defineService } from "../../src/contract/define.ts";
import { method } from "../../src/contract/method.ts";
import { RpcError } from "../../src/errors/rpc_error.ts";
import { embedded } from "../../src/transport/embedded/mod.ts";
import { turns } from "../helpers/settled.ts";
import { Bank, BankFixture, type BankHandler, Learnt } from "./bank_fixture.ts";

/** A handler that asks for another attempt until the last one, and what it was run with, and when. */
function reluctant(at: BankFixture, afterMs: number, enough = 3): { runs: string[]; handler: BankHandler } {
  const runs: string[] = [];
  const since = at.clock.monotonic();
  const handler: BankHandler = (input, context) => {
    runs.push(`${input}#${context.attempt}@${Math.round((at.clock.monotonic() - since) / 1_000)}`);
    if (context.attempt < enough) throw context.retryAfter(afterMs);
    return `${input} done`;
  };
  return { runs, handler };
}

Deno.test("a call whose handler asks for it runs again later, by whoever owns its queue then", async () => {
  await using at = new BankFixture();
  const { runs, handler } = reluctant(at, 10_000);
  const first = await at.serve(handler);
  const call = new Learnt((await at.client()).client(Bank, { timeoutMs: 60_000 }).other("a"));
  await at.pass(5_000);
  assert.deepEqual(runs, ["a#1@0"]);
  assert.equal(first.services()[0]?.unsettled, 0, "nothing of it is held here");
  at.broker.crash(first.instance);
  await at.serve(handler);
  await at.pass(30_000);
  assert.deepEqual([runs, call.answer], [["a#1@0", "a#2@10", "a#3@20"], "reply a done"]);
  assert.deepEqual(at.deadLetters, []);
});

Deno.test("a short wait stays in place, and its attempts are spent after three", async () => {
  await using at = new BankFixture();
  const { runs, handler } = reluctant(at, 1_000, 9);
  await at.serve(handler);
  const call = new Learnt((await at.client()).client(Bank, { timeoutMs: 60_000 }).other("a"));
  await at.pass(10_000);
  assert.deepEqual(runs, ["a#1@0", "a#2@1", "a#3@2"]);
  assert.deepEqual([call.answer, at.deadLetters], ["unavailable / replied", ["attempts spent; attempts: 3"]]);
});

Deno.test("a call without the time for another attempt is answered at once, and is a dead letter", async () => {
  await using at = new BankFixture();
  const { handler } = reluctant(at, 10_000);
  await at.serve(handler);
  const call = new Learnt((await at.client()).client(Bank, { timeoutMs: 9_000 }).other("a"));
  await at.pass(1_000);
  assert.deepEqual(call.answer, "unavailable / replied");
  assert.deepEqual(at.deadLetters, ["no time for another attempt; attempts: 1"]);
});

Deno.test("a one-way call waits in its queue for its next attempt, however short the wait", async () => {
  await using at = new BankFixture();
  const { runs, handler } = reluctant(at, 1_000);
  const system = await at.serve(handler);
  void (await at.client()).client(Bank).note("a");
  await turns(10);
  assert.equal(system.services()[0]?.unsettled, 0);
  await at.pass(5_000);
  assert.deepEqual([runs.map((run) => run.split("@")[0]), at.deadLetters], [["a#1", "a#2", "a#3"], []]);
});

Deno.test("a one-way call that crashed in place and was then answered with an error states all its attempts", async () => {
  await using at = new BankFixture();
  const Notes = defineService("crash.Bank", { add: method.oneway<string>({ idempotent: true }) });
  const system = await createSystem({ name: "bank", transport: embedded(at.broker), clock: at.clock });
  await system.serve(Notes, {
    add: (_, { attempt }) => {
      throw attempt < 3 ? new Error("crash") : new RpcError("not_found", "No such account");
    },
  });
  void system.client(Notes).add("a");
  await at.pass(1_000);
  assert.deepEqual(at.deadLetters, ["not_found: No such account; attempts: 3"]);
  await system.close();
});

Deno.test("a call that died in its second attempt has one left, however its first one ended", async () => {
  await using at = new BankFixture();
  const runs: string[] = [];
  const handler: BankHandler = (input, context) => {
    runs.push(`${input}#${context.attempt}`);
    if (context.attempt === 1) throw context.retryAfter(5_000);
    if (context.attempt === 3) return "third";
    at.broker.crash(first.instance);
    return new Promise(() => {});
  };
  const first = await at.serve(handler);
  const call = new Learnt((await at.client()).client(Bank, { timeoutMs: 60_000 }).idempotent("a"));
  await at.pass(6_000);
  await at.serve(handler);
  await at.pass(10_000);
  assert.deepEqual([runs, call.answer], [["a#1", "a#2", "a#3"], "reply third"]);
});

Deno.test("calls of one key to two methods that ask for other attempts all come to their end, each method's in order", async () => {
  await using at = new BankFixture();
  const keyed = () => method<number, number>({ key: () => "acc-1", idempotent: true });
  const Keyed = defineService("crash.Keyed", { one: keyed(), other: keyed() }, { slots: 1 });
  const system = await createSystem({ name: "bank", transport: embedded(at.broker), clock: at.clock });
  const done: Record<"one" | "other", number[]> = { one: [], other: [] };
  const handler = (name: "one" | "other") => async (input: number, context: HandlerContext) => {
    await turns(1);
    if (input % 3 === 0 && context.attempt === 1) throw context.retryAfter(200);
    return done[name].push(input);
  };
  await system.serve(Keyed, { one: handler("one"), other: handler("other") });
  const client = system.client(Keyed, { timeoutMs: 60_000 });
  const calls: Learnt[] = [];
  for (let input = 1; input <= 30; input++) {
    calls.push(new Learnt(client[input % 2 === 1 ? "one" : "other"](input)));
    await at.pass(50);
  }
  await at.pass(10_000);
  assert.deepEqual(calls.filter(({ answer }) => !answer?.startsWith("reply")), []);
  for (const inputs of [done.one, done.other]) assert.deepEqual(inputs, inputs.toSorted((a, b) => a - b));
  await system.close();
});
