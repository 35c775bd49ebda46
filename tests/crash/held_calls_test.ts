import assert from "node:assert/strict";
import { createSystem } from "../../actors/system.ts";
import { createDeferred } from "../../src/async/deferred.ts";
import { defineService } from "../../src/contract/define.ts";
import { method } from "../../src/contract/method.ts";
import { embedded } from "../../src/transport/embedded/mod.ts";
import { turns } from "../helpers/settled.ts";
import { Bank, BankFixture, type BankHandler, Learnt } from "./bank_fixture.ts";

/** Longer than everything here takes. */
const LONG = { timeoutMs: 600_000 };

/** A handler whose slow call waits for the test. */
function slowly(runs: string[]): { readonly handler: BankHandler; readonly finish: () => void } {
  const gate = createDeferred<void>();
  const handler: BankHandler = async (input, { attempt }) => {
    runs.push(`${input}#${attempt}`);
    if (input === "slow") await gate.promise;
    return `${input} done`;
  };
  return { handler, finish: gate.resolve };
}

Deno.test("a call that runs for minutes holds nothing up, runs once, and is answered", async () => {
  await using at = new BankFixture();
  const runs: string[] = [];
  const { handler, finish } = slowly(runs);
  const system = await at.serve(handler);
  const bank = (await at.client()).client(Bank, LONG);
  const slow = new Learnt(bank.other("slow"));
  for (let call = 0; call < 100; call++) {
    void bank.other(`c${call}`);
    await at.pass(2_000);
  }
  const copies = at.broker.messages("crash-Bank").filter(({ message }) => message.headers.has("rpc-started"));
  assert.ok(copies.length >= 5, "no message of it stays for longer than 30 s");
  assert.equal(slow.answer, undefined);
  finish();
  await at.pass(1_000);
  assert.deepEqual([slow.answer, runs.length, new Set(runs).size], ["reply slow done", 101, 101]);
  assert.equal(system.services()[0]?.unsettled, 0);
  assert.deepEqual(at.deadLetters, []);
});

for (
  const [promised, answer, deadLetters, attempts] of [
    ["idempotent", "reply slow done", [], ["slow#1", "slow#2"]],
    ["other", "internal / sent_unknown", ["may have run; attempts: 1"], ["slow#1"]],
  ] as const
) {
  Deno.test(`a copy of a call that ran when its instance died is a suspect: ${promised}`, async () => {
    await using at = new BankFixture();
    const runs: string[] = [];
    const first = await at.serve(slowly(runs).handler);
    const bank = (await at.client()).client(Bank, LONG);
    const slow = new Learnt(bank[promised]("slow"));
    await turns(10);
    // Every queue has something settled behind whatever is there.
    for (let call = 0; call < 64; call++) {
      void bank.safe(`c${call}`);
      await turns(5);
    }
    await at.pass(31_000);
    const stored = at.broker.messages("crash-Bank").filter(({ message }) =>
      message.headers.get("rpc-started") === "1"
    );
    assert.equal(stored.length, 1);
    at.broker.crash(first.instance);
    const next = slowly(runs);
    next.finish();
    await at.serve(next.handler);
    await at.pass(10_000);
    assert.equal(slow.answer, answer);
    assert.deepEqual(at.deadLetters, deadLetters);
    assert.deepEqual(runs.filter((run) => run.startsWith("slow")), attempts);
  });
}

Deno.test("a call with a key that holds its queue is named in the tree", async () => {
  await using at = new BankFixture();
  const Keyed = defineService("crash.Keyed", {
    run: method<string, string>({ key: () => "acc-1" }),
    free: method<string, string>(),
  }, { slots: 1 });
  const { handler, finish } = slowly([]);
  const system = await createSystem({ name: "bank", transport: embedded(at.broker), clock: at.clock });
  await system.serve(Keyed, { run: handler, free: handler });
  const client = system.client(Keyed, LONG);
  const slow = new Learnt(client.run("slow"));
  await turns(10);
  for (let call = 0; call < 64; call++) {
    void client.free(`c${call}`);
    await turns(5);
  }
  await at.pass(31_000);
  const text = JSON.stringify(system.tree());
  assert.match(text, /"heldBy":"run [0-9a-f-]+ of key acc-1","heldMs":3\d{4}/);
  finish();
  await at.pass(1_000);
  assert.equal(slow.answer, "reply slow done");
  assert.ok(!JSON.stringify(system.tree()).includes("heldBy"));
  await system.close();
});

Deno.test("one slow call of a pack does not hold the others of it, which run from messages of their own", async () => {
  await using at = new BankFixture();
  const runs: string[] = [];
  const gate = createDeferred<void>();
  // All slots of the function are taken: the rest of the pack waits in the mailbox.
  await at.serve(async (input, { attempt }) => {
    runs.push(`${input}#${attempt}`);
    await gate.promise;
    return input;
  });
  const bank = (await at.client()).client(Bank, LONG);
  await turns();
  const calls = Array.from({ length: 48 }, (_, index) => new Learnt(bank.other(`c${index}`)));
  await turns(20);
  assert.equal(runs.length, 32);
  await at.pass(2_000);
  const alone = at.broker.messages("crash-Bank").filter(({ message }) =>
    message.headers.get("rpc-kind") === "request"
  );
  assert.equal(alone.length, 16);
  gate.resolve();
  await at.pass(1_000);
  assert.deepEqual(calls.map(({ answer }) => answer), calls.map((_, index) => `reply c${index}`));
  assert.equal(new Set(runs).size, 48);
});
