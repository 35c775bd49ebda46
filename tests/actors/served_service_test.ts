import assert from "node:assert/strict";
import { actor } from "../../actors/actor.ts";
import { createSystem, type System, type SystemOptions } from "../../actors/system.ts";
import { formatTree } from "../../actors/format_tree.ts";
import { createDeferred } from "../../src/async/deferred.ts";
import { defineEntity, defineService } from "../../src/contract/define.ts";
import { method } from "../../src/contract/method.ts";
import { MemoryBroker } from "../../src/transport/embedded/broker.ts";
import { embedded, embeddedBroker } from "../../src/transport/embedded/mod.ts";
import type { TransportState } from "../../src/transport/transport.ts";
import { ManualClock } from "../helpers/manual_clock.ts";
import { assertFails, turns, until } from "../helpers/settled.ts";
import { nodeAt } from "../helpers/tree.ts";

const Payments = defineService("test.Payments", {
  transfer: method<string, number>(),
  quote: method<string, string>({ safe: true }),
});
const Account = defineEntity("test.Account", { balance: method<string, string>() });

/** `transfer` counts its calls since its last start, and crashes where it is told to. */
function payments(starts: string[] = []) {
  return {
    transfer: actor(() => {
      starts.push("transfer");
      let calls = 0;
      return (input: string) => {
        if (input === "crash") throw new Error("ledger is closed");
        return ++calls;
      };
    }),
    quote: (input: string) => input,
  };
}

/** A system on a clock of its own, whose broker the test can look into. */
async function system(options: Partial<SystemOptions> = {}) {
  const clock = new ManualClock();
  const broker = new MemoryBroker();
  const transport = embedded(broker);
  const report: { state(state: TransportState, reason: string): void } = { state: () => {} };
  const onState = transport.onState.bind(transport);
  transport.onState = (listener) => onState(report.state = listener);
  const made = await createSystem({ name: "bank", transport, clock, random: () => 0.5, ...options });
  const pass = async (ms: number) => {
    clock.advance(ms);
    await turns(10);
  };
  return { system: made, clock, broker, report, pass };
}

/** What every system consists of before it serves anything. */
const OWN = ["transport", "direct", "rocket.Health"];

/** What the tree shows right below the system. */
function children(of: System): readonly string[] {
  return of.tree().children.map(({ id }) => id);
}

const ESCALATE = { supervision: { intensity: 0, onGiveUp: "escalate" } } as const;

Deno.test("createSystem shows everything that runs in it as a tree of plain data", async () => {
  const { system: bank, clock, pass } = await system();
  await bank.serve(Payments, payments());
  await bank.serve(Account, (key) => ({ balance: () => key }));
  await assertFails(bank.client(Payments).transfer("crash"), "internal", "replied");
  assert.equal(await bank.client(Account).at("acc-1").balance("x"), "acc-1");
  const tree = bank.tree();
  assert.deepEqual(JSON.parse(JSON.stringify(tree)), tree);
  assert.deepEqual([tree.id, tree.kind, tree.state, tree.details?.["instance"]], [
    "bank",
    "system",
    "running",
    bank.instance,
  ]);
  assert.deepEqual(tree.children.map(({ id, kind, state }) => [id, kind, state]), [
    ["transport", "transport", "running"],
    ["direct", "direct", "running"],
    ["rocket.Health", "direct", "running"],
    ["test.Payments", "service", "running"],
    ["test.Account", "entity", "running"],
  ]);
  const transfer = nodeAt(tree, "test.Payments", "transfer");
  assert.deepEqual(
    [transfer.kind, transfer.state, transfer.lastFailure, transfer.details],
    ["method", "restarting", { message: "ledger is closed", atMs: clock.now() }, {
      depth: 0,
      running: 0,
      crashes: 1,
    }],
  );
  const intake = nodeAt(tree, "test.Payments", "intake");
  assert.deepEqual([intake.details?.["deadLetters"], intake.children.length], [1, 16]);
  assert.deepEqual(intake.children[0]?.kind, "partition");
  assert.equal(nodeAt(tree, "test.Account", "cells", "acc-1").kind, "cell");
  assert.match(formatTree(tree), /transfer {2}method {2}restarting .*ledger is closed/);
  await pass(50);
  assert.equal(nodeAt(bank.tree(), "test.Payments", "transfer").state, "running");
  await bank.close();
  assert.equal(bank.tree().state, "stopped");
});

Deno.test("createSystem suspends an actor that fails too often, and closes for no input", async () => {
  const { system: bank, pass } = await system();
  await bank.serve(Payments, payments());
  const { transfer, quote } = bank.client(Payments);
  for (let failures = 0; failures < 6; failures++) {
    await assertFails(transfer("crash"), "internal", "replied");
    await pass(1_000);
  }
  // Its caller tries again within its time: nothing ran.
  const refusing = assertFails(transfer("x", { timeoutMs: 500 }), "unavailable", "rejected");
  for (let tenths = 0; tenths < 6; tenths++) await pass(100);
  const refused = await refusing;
  assert.match(refused.message, /"test\.Payments\/transfer" is suspended until /);
  assert.equal(await quote("fine"), "fine");
  assert.equal(nodeAt(bank.tree(), "test.Payments").state, "running");
  await pass(9_000);
  assert.equal(await transfer("x"), 1);
  await bank.close("done");
  assert.equal(await bank.closed, "done");
});

Deno.test("createSystem starts a service again that gave up as a whole: queues, actors and all", async () => {
  const { system: bank, pass, broker } = await system();
  const starts: string[] = [];
  const handle = await bank.serve(Payments, payments(starts), ESCALATE);
  assert.equal(await bank.client(Payments).transfer("x"), 1);
  await assertFails(bank.client(Payments).transfer("crash"), "internal", "replied");
  await until(() => nodeAt(bank.tree(), "test.Payments").state === "restarting");
  assert.deepEqual([handle.state().queues, broker.group("rpc-test-Payments")?.members], [[], []]);
  await pass(50);
  await until(() => nodeAt(bank.tree(), "test.Payments").state === "running");
  const node = nodeAt(bank.tree(), "test.Payments");
  assert.match(
    node.lastFailure?.message ?? "",
    /"test\.Payments" gave up: "transfer" ended after 0 restarts/,
  );
  assert.deepEqual([node.restarts, starts.length, handle.state().queues.length], [1, 2, 16]);
  assert.equal(await bank.client(Payments).transfer("x"), 1);
  await handle.stop();
  await bank.close();
});

Deno.test("createSystem starts an entity again that gave up", async () => {
  const { system: bank, pass } = await system();
  await bank.serve(Account, (key) => ({
    balance: (input) => {
      if (input === "crash") throw new Error("no");
      return key;
    },
  }), ESCALATE);
  const account = bank.client(Account).at("a");
  await assertFails(account.balance("crash"), "internal", "replied");
  await until(() => nodeAt(bank.tree(), "test.Account").state === "restarting");
  await pass(50);
  await until(() => nodeAt(bank.tree(), "test.Account").state === "running");
  assert.equal(await account.balance("x"), "a");
  await bank.close();
});

Deno.test("createSystem closes when a service gives up more often than it may, and says why", async () => {
  const { system: bank, clock, broker } = await system({ supervision: { intensity: 0 } });
  await bank.serve(Payments, payments(), ESCALATE);
  await bank.serve(Account, (key) => ({ balance: () => key }));
  await assertFails(bank.client(Payments).transfer("crash"), "internal", "replied");
  assert.equal(
    await bank.closed,
    'Supervisor "bank" gave up: "test.Payments" ended after 0 restarts in 10000 ms: ' +
      'Supervisor "test.Payments" gave up: "transfer" ended after 0 restarts in 10000 ms: ledger is closed',
  );
  assert.deepEqual(bank.services(), []);
  assert.deepEqual(["rpc-test-Payments", "rpc-test-Account"].map((group) => broker.group(group)?.members), [
    [],
    [],
  ]);
  await assertFails(bank.client(Payments).quote("x"), "unavailable", "not_sent");
  await assert.rejects(bank.serve(Payments, payments()), { message: /the system is closing/ });
  assert.equal(clock.timers, 0);
  broker.close();
});

Deno.test("createSystem closes when its transport has failed, and its calls settle at once", async () => {
  const { system: bank, report, clock } = await system();
  const gate = createDeferred<string>();
  await bank.serve(Payments, { ...payments(), quote: () => gate.promise });
  report.state("degraded", "one broker is gone");
  assert.deepEqual(nodeAt(bank.tree(), "transport").lastFailure, {
    message: "one broker is gone",
    atMs: clock.now(),
  });
  assert.equal(nodeAt(bank.tree(), "transport").details?.["connection"], "degraded");
  report.state("connected", "");
  const pending = assertFails(bank.client(Payments).quote("x"), "cancelled", "sent_unknown");
  await turns();
  report.state("failed", "the credentials are refused");
  await pending;
  gate.resolve("too late");
  assert.match(
    await bank.closed,
    /"transport" ended after 0 restarts in 1 ms: The transport failed: the credentials are refused$/,
  );
  assert.equal(clock.timers, 0);
});

Deno.test("createSystem stops a service by its handle, once, and takes it out of the tree", async () => {
  const { system: bank, broker } = await system();
  const handle = await bank.serve(Payments, payments());
  await Promise.all([handle.stop(), handle.stop()]);
  assert.deepEqual([children(bank), bank.services()], [OWN, []]);
  assert.deepEqual(broker.group("rpc-test-Payments")?.members, []);
  const again = await bank.serve(Payments, payments());
  assert.equal(await bank.client(Payments).transfer("x"), 1);
  await Promise.all([bank.close(), again.stop()]);
  assert.deepEqual(broker.group("rpc-test-Payments")?.members, []);
});

Deno.test("createSystem refuses options that mean nothing before anything is started", async () => {
  const { system: bank, broker } = await system();
  await assert.rejects(bank.serve(Payments, payments(), { maxCells: 5 }), {
    message: /'maxCells': only an entity/,
  });
  await assert.rejects(bank.serve(Account, (key) => ({ balance: () => key }), { concurrency: 2 }), TypeError);
  assert.deepEqual([broker.group("rpc-test-Payments"), children(bank)], [undefined, OWN]);
  await bank.close();
  await assert.rejects(
    createSystem({ name: "bank", transport: embedded(), supervision: { intensity: -1 } }),
    RangeError,
  );
});

Deno.test("createSystem gives a start up whose factory takes too long", async () => {
  const bank = await createSystem({ name: "bank", transport: embedded() });
  const ended: string[] = [];
  const slow = actor(async ({ signal }) => {
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    return Object.assign(() => 1, { [Symbol.dispose]: () => void ended.push("ended") });
  });
  await assertFails(
    bank.serve(Payments, { transfer: slow, quote: (input) => input }, { timeoutMs: 20 }),
    "unavailable",
    "not_sent",
  );
  assert.deepEqual([ended, children(bank)], [["ended"], OWN]);
  await bank.close();
});

Deno.test("createSystem leaves nothing behind when it is closed while its root is busy with another service", async () => {
  const { system: bank, broker, pass, clock } = await system();
  const gate = createDeferred<string>();
  const busy = await bank.serve(Payments, { ...payments(), quote: () => gate.promise });
  const call = bank.client(Payments).quote("x");
  await turns();
  const stopping = busy.stop();
  const serving = assert.rejects(bank.serve(Account, (key) => ({ balance: () => key })), {
    message: 'Cannot serve "test.Account": the system was closed meanwhile',
  });
  await until(() => broker.group("rpc-test-Account")?.members.length === 1);
  const closing = assert.rejects(call);
  const closed = bank.close();
  gate.resolve("done");
  await pass(5_000);
  await Promise.all([stopping, serving, closing, closed]);
  assert.deepEqual(["rpc-test-Payments", "rpc-test-Account"].map((group) => broker.group(group)?.members), [
    [],
    [],
  ]);
  assert.equal(clock.timers, 0);
});

Deno.test("createSystem can be disposed of when its transport has just failed, and says why it is closed", async () => {
  const broker = embeddedBroker();
  const bank = await createSystem({ name: "bank", transport: embedded(broker) });
  await bank.serve(Payments, payments());
  broker.close();
  await bank[Symbol.asyncDispose]();
  assert.match(await bank.closed, /broker|transport/i);
});
