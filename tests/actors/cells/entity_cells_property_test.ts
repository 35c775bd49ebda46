import assert from "node:assert/strict";
import { setImmediate } from "node:timers";
import fc from "fast-check";
import { createDeferred, type Deferred } from "../../../src/async/deferred.ts";
import { RpcError } from "../../../src/errors/rpc_error.ts";
import { EntityFixture } from "../../helpers/entity_fixture.ts";
import type { FakeCall } from "../../helpers/inbound_call.ts";
import { turns } from "../../helpers/settled.ts";

const KEYS = ["a", "b", "c", "d", "e"];
const PARTITIONS = ["x/0", "x/1"];

/** How a handler that is at work ends. */
type Ending = "answer" | "refuse" | "crash" | "stop";

type Step =
  | { readonly kind: "call"; readonly key: number }
  | { readonly kind: "end"; readonly which: number; readonly how: Ending }
  | { readonly kind: "pass"; readonly ms: number }
  | { readonly kind: "release"; readonly partition: number }
  | { readonly kind: "turn" };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("call" as const), key: fc.nat(KEYS.length - 1) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("end" as const),
      which: fc.nat(7),
      how: fc.constantFrom<Ending>("answer", "refuse", "crash", "stop"),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("pass" as const), ms: fc.constantFrom(10, 100, 1_000, 15_000) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("release" as const), partition: fc.nat(1) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("turn" as const) }) },
);

/** One handler at work. */
interface Work {
  readonly key: string;
  readonly end: Deferred<Ending>;
}

/** An entity whose calls, handlers and states are all watched. */
class World {
  readonly fixture: EntityFixture;
  /** Handlers at work; never two of a key. */
  readonly working = new Map<string, Work>();
  /** Keys that live, from the beginning of the factory to the end of the stop hook; never twice. */
  readonly living = new Set<string>();
  /** Calls that wait for room, as a partition's backlog does. */
  readonly backlog: FakeCall[] = [];
  readonly calls: FakeCall[] = [];
  readonly releases: Promise<void>[] = [];

  /** @param slow whether factories and stop hooks take their time */
  constructor(slow: boolean, restart: "permanent" | "temporary") {
    this.fixture = new EntityFixture(
      (key) => this.#make(key, slow),
      (state, _, { self }) => this.#work(state, self),
      {
        restart,
        maxCells: 3,
        mailboxCalls: 2,
        passivateAfterMs: 1_000,
        startMs: 1_000_000,
        // No limit is reached: what is left behind may live on.
        shutdownMs: 1_000_000,
      },
    );
  }

  async act(one: Step): Promise<void> {
    switch (one.kind) {
      case "call":
        return this.#call(one.key);
      case "end":
        [...this.working.values()][one.which % Math.max(1, this.working.size)]?.end.resolve(one.how);
        return;
      case "pass":
        return this.fixture.clock.advance(one.ms);
      case "release":
        return this.#release(PARTITIONS[one.partition] ?? "");
      case "turn":
        await turns(1);
        return this.#pump();
    }
  }

  /** Lets everything finish. */
  async settle(): Promise<void> {
    for (let round = 0; round < 200; round++) {
      for (const { end } of this.working.values()) end.resolve("answer");
      await turns(2);
      this.fixture.clock.advance(2_000);
      this.#pump();
    }
    await Promise.all(this.releases);
  }

  #make(key: string, slow: boolean): unknown {
    assert.ok(!this.living.has(key), `"${key}" lives twice`);
    this.living.add(key);
    const end = () => void this.living.delete(key);
    const state = slow
      ? {
        key,
        [Symbol.asyncDispose]: () => new Promise<void>((resolve) => void setImmediate(() => resolve(end()))),
      }
      : { key, [Symbol.dispose]: end };
    return slow ? new Promise((resolve) => void setImmediate(() => resolve(state))) : state;
  }

  async #work(state: unknown, self: { stop(): void }): Promise<string> {
    const { key } = state as { readonly key: string };
    assert.ok(this.living.has(key), `a handler of "${key}" runs on a state that is gone`);
    assert.ok(!this.working.has(key), `two handlers of "${key}" at once`);
    const work = { key, end: createDeferred<Ending>() };
    this.working.set(key, work);
    const how = await work.end.promise;
    this.working.delete(key);
    if (how === "crash") throw new Error("crash");
    if (how === "refuse") throw new RpcError("aborted", "no");
    if (how === "stop") self.stop();
    return key;
  }

  #call(index: number): void {
    const call = this.fixture.call(KEYS[index] ?? "", "x", PARTITIONS[index % 2]);
    this.calls.push(call);
    this.backlog.push(call);
    this.#pump();
  }

  /** As an intake does: in order, each partition on its own, until one has no room. */
  #pump(): void {
    for (const partition of PARTITIONS) {
      for (let next = this.#first(partition); next !== undefined; next = this.#first(partition)) {
        if (!next.withdrawn && !this.fixture.cells.deliver(next)) break;
        this.backlog.splice(this.backlog.indexOf(next), 1);
      }
    }
  }

  #first(partition: string): FakeCall | undefined {
    return this.backlog.find((call) => call.partition === partition);
  }

  #release(partition: string): void {
    for (const call of this.calls) {
      if (call.partition !== partition || call.result !== undefined || call.withdrawn) continue;
      call.withdrawn = true;
      call.claimable = false;
      call.controller.abort();
    }
    this.releases.push(this.fixture.cells.released(partition));
  }
}

Deno.test("EntityCells never run two handlers of a key, never have two lives of it, and lose no call", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 5, maxLength: 80 }),
      fc.boolean(),
      fc.constantFrom("permanent" as const, "temporary" as const),
      async (script, slow, restart) => {
        const world = new World(slow, restart);
        for (const one of script) await world.act(one);
        await world.settle();
        const lost = world.calls.filter(({ results, withdrawn }) => !withdrawn && results.length !== 1);
        assert.deepEqual(lost.map(({ id, key, results }) => [id, key, results]), []);
        assert.deepEqual([[...world.living], world.fixture.keys, world.fixture.clock.timers], [[], [], 0]);
      },
    ),
    { numRuns: 150 },
  );
});
