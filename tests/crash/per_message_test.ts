import assert from "node:assert/strict";
import { actor } from "../../actors/actor.ts";
import { createSystem } from "../../actors/system.ts";
import { createDeferred } from "../../src/async/deferred.ts";
import { defineEntity, defineService } from "../../src/contract/define.ts";
import { method } from "../../src/contract/method.ts";
import { embedded } from "../../src/transport/embedded/mod.ts";
import { turns } from "../helpers/settled.ts";
import { Bank, BankFixture, type BankHandler, Learnt } from "./bank_fixture.ts";

const LONG = { timeoutMs: 120_000 };
/** How long the embedded broker keeps a message that was delivered and not settled from others. */
const REDELIVER_MS = 30_000;

/** An instance that dies in its first call, and one that does not. */
async function dying(at: BankFixture, runs: string[]): Promise<void> {
  const first = await at.serve((input, { attempt }) => {
    runs.push(`${input}#${attempt}`);
    at.broker.crash(first.instance);
    return new Promise(() => {});
  });
}

function counting(runs: string[]): BankHandler {
  return (input, { attempt }) => {
    runs.push(`${input}#${attempt}`);
    return `${input} done`;
  };
}

Deno.test("where messages are settled one by one, a call whose instance dies runs again if it may", async () => {
  for (
    const [promised, answer, ran, deadLetters] of [
      ["safe", "reply a done", ["a#1", "a#2"], []],
      ["idempotent", "reply a done", ["a#1", "a#2"], []],
      ["other", "internal / sent_unknown", ["a#1"], ["may have run; attempts: 1"]],
    ] as const
  ) {
    await using at = new BankFixture("perMessage");
    const runs: string[] = [];
    await dying(at, runs);
    const call = new Learnt((await at.client()).client(Bank, LONG)[promised]("a"));
    await turns(10);
    await at.serve(counting(runs));
    await at.pass(REDELIVER_MS + 1_000);
    assert.deepEqual([call.answer, runs, at.deadLetters], [answer, ran, deadLetters], promised);
  }
});

Deno.test("where messages are settled one by one, what is delivered again joins the call that still runs", async () => {
  await using at = new BankFixture("perMessage");
  const gate = createDeferred<void>();
  const runs: string[] = [];
  const system = await at.serve(async (input, { attempt }) => {
    runs.push(`${input}#${attempt}`);
    await gate.promise;
    return `${input} done`;
  });
  const bank = (await at.client()).client(Bank, LONG);
  await turns();
  // They travel together, so that they are delivered again together.
  const calls = ["a", "b", "c"].map((input) => new Learnt(bank.other(input)));
  await at.pass(2 * REDELIVER_MS + 1_000);
  assert.deepEqual(runs, ["a#1", "b#1", "c#1"]);
  gate.resolve();
  await at.pass(1_000);
  assert.deepEqual(calls.map(({ answer }) => answer), ["reply a done", "reply b done", "reply c done"]);
  // Settled: nothing of it comes again.
  await at.pass(2 * REDELIVER_MS);
  assert.deepEqual([runs.length, system.services()[0]?.unsettled, at.deadLetters], [3, 0, []]);
});

Deno.test("where messages are settled one by one, a call that was delivered again while it ran outlives its instance", async () => {
  await using at = new BankFixture("perMessage");
  const runs: string[] = [];
  const first = await at.serve((input, { attempt }) => {
    runs.push(`${input}#${attempt}`);
    return new Promise(() => {});
  });
  const call = new Learnt((await at.client()).client(Bank, LONG).idempotent("a"));
  await at.pass(REDELIVER_MS + 1_000);
  at.broker.crash(first.instance);
  await at.serve(counting(runs));
  await at.pass(REDELIVER_MS + 1_000);
  assert.deepEqual([call.answer, runs], ["reply a done", ["a#1", "a#3"]]);
});

Deno.test("where messages are settled one by one, later attempts wait at the broker", async () => {
  for (const promised of ["idempotent", "other"] as const) {
    await using at = new BankFixture("perMessage");
    const runs: string[] = [];
    const system = await at.serve((input, context) => {
      runs.push(`${input}#${context.attempt}`);
      if (context.attempt < 3) throw context.retryAfter(5_000);
      return `${input} done`;
    });
    const call = new Learnt((await at.client()).client(Bank, LONG)[promised]("a"));
    await at.pass(4_000);
    assert.equal(system.services()[0]?.unsettled, 0);
    await at.pass(10_000);
    assert.deepEqual(
      [runs, call.answer, at.deadLetters],
      [["a#1", "a#2", "a#3"], "reply a done", []],
      promised,
    );
  }
});

Deno.test("where messages are settled one by one, keys keep their order, and state beside a key is refused", async () => {
  await using at = new BankFixture("perMessage");
  const Keyed = defineService("crash.Keyed", { run: method<number, number>({ key: () => "k" }) });
  const Account = defineEntity("crash.Account", { deposit: method<number, number>() });
  const system = await createSystem({ name: "bank", transport: embedded(at.broker), clock: at.clock });
  await assert.rejects(
    system.serve(Account, () => ({ deposit: (cents) => cents })),
    /no instance owns a key of the entity; define a service whose methods have a 'key'/,
  );
  await assert.rejects(
    system.serve(Keyed, { run: actor(() => (input) => input) }),
    /the actor\(\) of "run" keeps state of; write a function/,
  );
  const seen: number[] = [];
  await system.serve(Keyed, { run: (input) => seen.push(input) });
  const calls = Array.from({ length: 20 }, (_, index) => system.client(Keyed, LONG).run(index));
  await at.pass(1_000);
  await Promise.all(calls);
  assert.deepEqual(seen, Array.from({ length: 20 }, (_, index) => index));
  await system.close();
});
