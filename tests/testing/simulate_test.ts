import assert from "node:assert/strict";
import { defineService } from "../../src/contract/define.ts";
import { method } from "../../src/contract/method.ts";
import { RpcError } from "../../src/errors/rpc_error.ts";
import { type Fault, type Step, STEPS } from "../../testing/faults.ts";
import { simulate } from "../../testing/simulate.ts";
import type { World } from "../../testing/world.ts";

const Bank = defineService("test.Bank", {
  again: method<string, string>({ idempotent: true }),
  once: method<string, string>(),
}, { slots: 1 });

/** A bank that runs, a caller, and one call. Says what the caller learnt and how often the handler ran. */
async function play(
  faults: readonly Fault[],
  method: "again" | "once",
  after: (world: World) => Promise<void> = () => Promise.resolve(),
): Promise<{ learnt: string; runs: number; tookMs: number }> {
  let runs = 0;
  const { value, tookMs } = await simulate({ seed: 1, faults }, async (world) => {
    await world.keep("bank", async (process) => {
      const run = async (input: string) => {
        runs++;
        await process.sleep(20);
        return input;
      };
      await (await process.system()).serve(Bank, { again: run, once: run });
    });
    const caller = await world.process("caller").client();
    await after(world);
    try {
      return await caller.client(Bank, { timeoutMs: 30_000 })[method]("done");
    } catch (error) {
      const { code, outcome } = RpcError.from(error);
      return `${code} / ${outcome}`;
    }
  });
  return { learnt: value, runs, tookMs };
}

Deno.test("simulate: a call comes back, in its time of the world", async () => {
  const { learnt, runs, tookMs } = await play([], "once");
  assert.deepEqual([learnt, runs], ["done", 1]);
  assert.ok(tookMs > 20 && tookMs < 60, `${tookMs}`);
});

/** What becomes of an idempotent call, and of one that must not run twice, when its process dies after a step. */
const AFTER: Readonly<Record<Exclude<Step, "remembered">, readonly [string, number, string, number]>> = {
  received: ["done", 1, "done", 1],
  // Its start was on record, so that nobody knows whether it ran.
  started: ["done", 2, "internal / sent_unknown", 0],
  running: ["done", 2, "internal / sent_unknown", 1],
  ran: ["done", 2, "internal / sent_unknown", 1],
  replied: ["done", 1, "done", 1],
  settled: ["done", 1, "done", 1],
};

for (const step of STEPS) {
  if (step === "remembered") continue;
  Deno.test(`simulate: a process dies after a call was ${step}`, async () => {
    const faults: Fault[] = [{ kind: "crash", process: "bank", step, nth: 1 }];
    const again = await play(faults, "again");
    const once = await play(faults, "once");
    assert.deepEqual([again.learnt, again.runs, once.learnt, once.runs], AFTER[step]);
  });
}

Deno.test("simulate: what is dropped was not sent, or nobody knows; what is delayed takes longer", async () => {
  const at = { process: "caller", on: "send", nth: 1 } as const;
  const unknown = await play([{ kind: "drop", ...at, known: false }], "once");
  assert.deepEqual([unknown.learnt, unknown.runs], ["unavailable / sent_unknown", 0]);
  const known = await play([{ kind: "drop", ...at, known: true }], "once");
  assert.deepEqual([known.learnt, known.runs], ["done", 1]);
  const lost = await play([{ kind: "lost answer", ...at }], "again");
  assert.deepEqual([lost.learnt, lost.runs], ["done", 1]);
  const late = await play([{ kind: "delay", ...at, ms: 700 }], "once");
  assert.ok(late.learnt === "done" && late.tookMs > 700);
  const twice = await play([{ kind: "duplicate", process: "caller", nth: 1, ms: 5 }], "once");
  assert.deepEqual([twice.learnt, twice.runs], ["done", 1]);
  const stalled = await play([{ kind: "stall", process: "bank", nth: 1, ms: 900 }], "once");
  assert.ok(stalled.learnt === "done" && stalled.tookMs > 900);
});

Deno.test("simulate: who sees no member sends nothing", async () => {
  const faults = [1, 2].map((nth): Fault => ({ kind: "members", process: "caller", nth, sees: "nobody" }));
  const { learnt, runs } = await play(faults, "once");
  assert.deepEqual([learnt, runs], ["unavailable / not_sent", 0]);
});

Deno.test("simulate: faults by time kill, freeze and take queues away, and the call comes back all the same", async () => {
  const topic = "test-Bank";
  const each: readonly ((queue: number) => Fault)[] = [
    () => ({ kind: "kill", atMs: 60, process: "bank" }),
    () => ({ kind: "freeze", atMs: 60, process: "bank", ms: 9_000 }),
    (queue) => ({ kind: "revoke", atMs: 60, topic, queue }),
    (queue) => ({ kind: "lost lock", atMs: 60, topic, queue }),
    (queue) => ({ kind: "rollback", atMs: 60, topic, queue, messages: 5 }),
  ];
  for (const make of each) {
    const faults = Array.from({ length: 16 }, (_, queue) => make(queue));
    const { learnt, runs } = await play(faults, "again", (world) => world.clock.sleep(30));
    assert.equal(learnt, "done", faults[0]?.kind);
    assert.ok(runs >= 1 && runs <= 3, `${faults[0]?.kind}: ${runs}`);
  }
});

Deno.test("simulate: a scenario that waits for what never comes fails, and says so", async () => {
  await assert.rejects(
    simulate({ seed: 3 }, () => new Promise(() => {})),
    /Seed 3 failed: The work does not end/,
  );
});

Deno.test("simulate: what a dead process asks for outside is not done, what is on its way is", async () => {
  const done: string[] = [];
  await simulate({ seed: 1 }, async (world) => {
    const process = world.process("one");
    void process.io(() => done.push("on its way"));
    process.crash();
    void process.io(() => done.push("asked for by the dead"));
    void process.sleep(1).then(() => done.push("woken"));
    await world.clock.sleep(100);
  });
  assert.deepEqual(done, ["on its way"]);
});
