import assert from "node:assert/strict";
import { ProducerWatch } from "../../../src/client/producer_watch.ts";
import { ManualClock } from "../../helpers/manual_clock.ts";
import { turns } from "../../helpers/settled.ts";

/** A producer that takes what it is told as the test says. */
class Fixture {
  readonly clock = new ManualClock();
  readonly told: string[] = [];
  readonly gone: string[] = [];
  onTell: (kind: "credit" | "ping") => Promise<void> = () => Promise.resolve();
  readonly watch = new ProducerWatch({
    monotonicMs: () => this.clock.monotonic(),
    after: (ms, callback) => this.clock.after(ms, callback),
    tell: (kind, taken) => {
      this.told.push(`${kind} ${taken}`);
      return this.onTell(kind);
    },
    gone: (message) => {
      this.gone.push(message);
      this.watch.stop();
    },
  });

  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 250) {
      this.clock.advance(250);
      await turns(1);
    }
  }
}

Deno.test("ProducerWatch gives credit by half of what there is, and says once more what was not told", async () => {
  const at = new Fixture();
  const sends: (() => void)[] = [];
  at.onTell = () => new Promise((resolve) => sends.push(resolve));
  for (let seq = 1; seq <= 100; seq++) at.watch.took(seq, 1);
  assert.deepEqual(at.told, ["credit 32"]);
  sends.shift()?.();
  await turns();
  assert.deepEqual(at.told, ["credit 32", "credit 100"]);
  at.onTell = () => Promise.reject(new Error("down"));
  sends.shift()?.();
  await turns();
  at.watch.took(101, 600_000);
  assert.deepEqual(at.told.at(-1), "credit 101");
  for (let seq = 102; seq <= 140; seq++) at.watch.took(seq, 1);
  await turns();
  at.onTell = () => Promise.resolve();
  await at.pass(1_000);
  assert.deepEqual(at.told.at(-1), "credit 140");
  at.watch.stop();
  assert.equal(at.clock.timers, 0);
});

Deno.test("ProducerWatch whose credit cannot be told tries again with each look", async () => {
  const at = new Fixture();
  at.onTell = () => Promise.reject(new Error("down"));
  for (let seq = 1; seq <= 32; seq++) at.watch.took(seq, 1);
  await at.pass(2_000);
  assert.ok(at.told.length >= 4 && at.told.every((told) => told.endsWith(" 32")), String(at.told));
  at.watch.stop();
});

Deno.test("ProducerWatch says at once what was read while it told something, also where that is few large items", async () => {
  const at = new Fixture();
  const sends: { resolve(): void; reject(error: Error): void }[] = [];
  at.onTell = () => new Promise((resolve, reject) => sends.push({ resolve, reject }));
  at.watch.took(1, 1_000_000);
  at.watch.took(2, 1_000_000);
  assert.deepEqual(at.told, ["credit 1"]);
  sends.shift()?.resolve();
  await turns();
  assert.deepEqual(at.told, ["credit 1", "credit 2"]);
  sends.shift()?.reject(new Error("down"));
  await turns();
  await at.pass(500);
  assert.deepEqual(at.told, ["credit 1", "credit 2", "credit 2"]);
  at.watch.stop();
});

Deno.test("ProducerWatch that has been stopped tells and asks nothing", async () => {
  const at = new Fixture();
  at.watch.stop();
  at.watch.took(500, 1);
  await at.pass(60_000);
  assert.deepEqual([at.told, at.gone, at.clock.timers], [[], [], 0]);
});

Deno.test("ProducerWatch calls a producer gone that leaves a question unanswered, also while one that comes late is", async () => {
  const at = new Fixture();
  await at.pass(2_500);
  assert.deepEqual(at.told, ["ping 0"]);
  await at.pass(4_000);
  at.watch.answered();
  await at.pass(4_000);
  assert.deepEqual(at.gone, []);
  await at.pass(8_000);
  assert.deepEqual(at.gone, ["The producer of the stream does not answer any more"]);
});

Deno.test("ProducerWatch whose question did not leave asks again, though it could give credit since", async () => {
  const at = new Fixture();
  at.onTell = () => Promise.reject(new Error("down"));
  await at.pass(2_000);
  assert.deepEqual(at.told, ["ping 0"]);
  at.onTell = async (kind) => {
    await turns(1);
    if (kind === "ping") at.watch.answered();
  };
  for (let seq = 1; seq <= 32; seq++) at.watch.took(seq, 1);
  await at.pass(8_000);
  assert.deepEqual([at.told.slice(0, 3), at.gone], [["ping 0", "credit 32", "ping 32"], []]);
  at.watch.stop();
});
