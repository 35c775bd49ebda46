import assert from "node:assert/strict";
import fc from "fast-check";
import type { Exit, Restart } from "../../../actors/supervision/child.ts";
import type { Strategy } from "../../../actors/supervision/supervision.ts";
import type { Supervisor } from "../../../actors/supervision/supervisor.ts";
import { turns } from "../../helpers/settled.ts";
import { ChildrenFixture, type TestChild } from "../../helpers/children_fixture.ts";

const PERIOD_MS = 1_000;
const MAX_WAIT_MS = 400;
const STEP_MS = 50;

/** One thing that happens; numbers choose among the children that there are. */
type Happening =
  | { readonly kind: "exit"; readonly which: readonly number[]; readonly how: Exit["kind"] }
  | { readonly kind: "add"; readonly restart: Restart; readonly broken: boolean }
  | { readonly kind: "remove" | "restart" | "break" | "mend"; readonly which: number }
  | { readonly kind: "pass"; readonly ms: number };

interface Play {
  readonly strategy: Strategy;
  readonly intensity: number;
  readonly escalate: boolean;
  readonly random: number;
  readonly children: readonly Restart[];
  readonly happenings: readonly Happening[];
}

const which = fc.nat(9);
const restart = fc.constantFrom<Restart>("permanent", "permanent", "transient", "temporary");
const how = fc.constantFrom<Exit["kind"]>("failed", "failed", "normal", "shutdown");
const happening: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("exit" as const),
      which: fc.array(which, { minLength: 1, maxLength: 3 }),
      how,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("add" as const), restart, broken: fc.boolean() }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom("remove" as const, "restart" as const, "break" as const, "mend" as const),
      which,
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant("pass" as const), ms: fc.integer({ min: 0, max: 1_500 }) }),
  },
);
const play: fc.Arbitrary<Play> = fc.record({
  strategy: fc.constantFrom<Strategy>("one_for_one", "one_for_all", "rest_for_one"),
  intensity: fc.nat(3),
  escalate: fc.boolean(),
  random: fc.constantFrom(0, 0.5, 1),
  children: fc.array(restart, { minLength: 1, maxLength: 4 }),
  happenings: fc.array(happening, { minLength: 1, maxLength: 25 }),
});

/** A play on a fixture, watched: whatever happens, these things hold. */
class Watched {
  readonly fixture = new ChildrenFixture();
  readonly restarts = new Map<string, Restart>();
  /** What must not have happened. What is thrown from within a child is the child's failure, not the test's. */
  readonly violations: string[] = [];
  /** Whether somebody asked for a restart: then a start follows other rules. */
  manual = false;
  readonly #play: Play;
  #supervisor: Supervisor | undefined;
  #named = 0;

  constructor(play: Play) {
    this.#play = play;
    this.fixture.random = play.random;
    this.fixture.onStep = (verb, child) => this.#watch(verb, child);
  }

  get supervisor(): Supervisor {
    assert.ok(this.#supervisor);
    return this.#supervisor;
  }

  /** The children in their order. */
  get ids(): readonly string[] {
    return this.#supervisor?.state().children.map(({ id }) => id) ?? [];
  }

  async start(): Promise<void> {
    const { strategy, intensity, escalate, children } = this.#play;
    this.#supervisor = await this.fixture.supervise({
      strategy,
      intensity,
      periodMs: PERIOD_MS,
      backoff: { initialMs: 100, factor: 2, maxMs: MAX_WAIT_MS },
      onGiveUp: escalate ? "escalate" : "suspend",
      children: children.map((restart) => this.fixture.spec(this.name(restart), { restart })),
    });
  }

  /** A new id. */
  name(restart: Restart): string {
    const id = `c${this.#named++}-`;
    this.restarts.set(id, restart);
    return id;
  }

  pick(number: number): string | undefined {
    const { ids } = this;
    return ids[number % ids.length];
  }

  /** Does what is to be done, and returns what must be awaited. */
  begin(happening: Happening): Promise<void> {
    const { fixture, supervisor } = this;
    switch (happening.kind) {
      case "exit":
        for (const number of happening.which) this.exit(this.pick(number), happening.how);
        return turns();
      case "add": {
        const id = this.name(happening.restart);
        if (happening.broken) fixture.starts.set(id, "throws");
        return supervisor.add(fixture.spec(id, { restart: happening.restart }));
      }
      case "pass":
        return this.pass(happening.ms);
      case "break":
      case "mend": {
        const id = this.pick(happening.which);
        if (id === undefined) return Promise.resolve();
        if (happening.kind === "break") fixture.starts.set(id, "throws");
        else fixture.starts.delete(id);
        return Promise.resolve();
      }
      default:
        return supervisor[happening.kind](this.pick(happening.which) ?? "nobody");
    }
  }

  exit(id: string | undefined, kind: Exit["kind"]): void {
    const child = id === undefined ? undefined : this.fixture.incarnations(id).at(-1);
    if (!child?.alive) return;
    child.exit(kind === "failed" ? { kind, error: new Error(`${child.name} broke`) } : { kind });
  }

  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += STEP_MS) await this.fixture.pass(STEP_MS);
  }

  /** The end of every play: what runs stops in reverse, and nothing is left. */
  async stop(): Promise<void> {
    const { fixture, ids } = this;
    fixture.take();
    await this.supervisor.stop();
    const stopped = fixture.take().filter((step) => step.startsWith("stop ")).map((step) =>
      `${step.slice(5).split("-")[0]}-`
    );
    assert.deepEqual(stopped, [...ids].reverse().filter((id) => stopped.includes(id)), "stopped in reverse");
    await turns();
    assert.deepEqual([...this.restarts.keys()].filter((id) => this.#alive(id) > 0), [], "nothing runs");
    assert.equal(fixture.clock.timers, 0, "no timer is left");
    assert.deepEqual(this.violations, []);
  }

  #alive(id: string): number {
    return this.fixture.incarnations(id).filter(({ alive }) => alive).length;
  }

  #watch(verb: string, child: TestChild): void {
    const { id, name } = child;
    if (this.#alive(id) > 1) this.violations.push(`${name} is not the only incarnation that runs`);
    if (verb === "stop" && !child.alive) this.violations.push(`${name} had ended and was told to stop`);
    if (verb !== "start" || this.manual) return;
    if (this.restarts.get(id) === "temporary" && this.fixture.incarnations(id).length > 1) {
      this.violations.push(`${name} is temporary and starts again`);
    }
    if (this.#play.strategy === "one_for_one") return;
    const later = this.ids.slice(this.ids.indexOf(id) + 1).filter((each) => this.#alive(each) > 0);
    if (later.length > 0) this.violations.push(`${name} starts while later ones run: ${later}`);
  }
}

/** The rules once more, as simple as they can be told: who is down, and which restarts lie within the period. */
class Model {
  readonly down = new Set<string>();
  gaveUpAtMs: number | undefined;
  readonly #play: Play;
  readonly #watched: Watched;
  #spentAtMs: number[] = [];

  constructor(play: Play, watched: Watched) {
    this.#play = play;
    this.#watched = watched;
  }

  /** A child ended or did not start, and that is handled now. */
  ended(id: string, kind: Exit["kind"]): void {
    const restart = this.#watched.restarts.get(id);
    this.down.add(id);
    if (restart === "temporary" || (restart === "transient" && kind !== "failed")) return;
    const { clock } = this.#watched.fixture;
    const nowMs = clock.monotonic();
    this.#spentAtMs = this.#spentAtMs.filter((atMs) => atMs >= nowMs - PERIOD_MS);
    this.#spentAtMs.push(nowMs);
    if (this.#spentAtMs.length > this.#play.intensity) {
      this.gaveUpAtMs = clock.now();
      this.#spentAtMs = [];
      for (const each of this.#watched.ids) this.down.add(each);
    }
    for (const each of this.#group(id)) this.down.add(each);
  }

  #group(id: string): readonly string[] {
    const { ids } = this.#watched;
    if (this.#play.strategy === "one_for_all") return ids;
    return this.#play.strategy === "rest_for_one" ? ids.slice(ids.indexOf(id)) : [id];
  }
}

/** Plays, one thing after the other, next to the model. */
async function playWithModel(play: Play): Promise<void> {
  const watched = new Watched(play);
  const { fixture } = watched;
  await watched.start();
  const model = new Model(play, watched);
  let adding = false;
  let kind: Exit["kind"] = "failed";
  const watch = fixture.onStep;
  fixture.onStep = (verb, child) => {
    watch?.(verb, child);
    // Two that end at once are handled one after the other: the second may be down by then.
    if (verb === "exit" && !model.down.has(child.id)) model.ended(child.id, kind);
    if (verb === "fail" && !adding) model.ended(child.id, "failed");
    if (verb === "up") model.down.delete(child.id);
  };
  for (const happening of play.happenings) {
    if (happening.kind === "exit") kind = happening.how;
    adding = happening.kind === "add" && watched.supervisor.state().state === "running";
    watched.manual = happening.kind === "restart";
    await watched.begin(happening).catch((error) => assert.match(String(error), /^(Type)?Error: /));
    await turns();
    const { state, lastFailure } = watched.supervisor.state();
    assert.equal(lastFailure?.atMs, model.gaveUpAtMs, "gives up when the model does, and only then");
    assert.ok(["running", play.escalate ? "failed" : "suspended"].includes(state), state);
  }
  for (const id of watched.ids) fixture.starts.delete(id);
  watched.manual = false;
  await watched.pass(3 * MAX_WAIT_MS);
  const tree = watched.supervisor.state();
  if (tree.state !== "failed") {
    const missing = tree.children.filter(({ id, state }) =>
      state !== "running" && !(watched.restarts.get(id) === "transient" && state === "stopped")
    );
    assert.deepEqual(missing, [], "everything that is to run runs again");
  }
  await watched.stop();
}

/** Plays without waiting for anything, and stops in the middle of it. */
async function playInHaste(play: Play): Promise<void> {
  const watched = new Watched(play);
  // Somebody's restart may be under way at any time.
  watched.manual = true;
  await watched.start();
  const pending: Promise<void>[] = [];
  for (const [index, happening] of play.happenings.entries()) {
    if (happening.kind === "pass") watched.fixture.clock.advance(happening.ms);
    else {pending.push(
        watched.begin(happening).catch((error) => assert.match(String(error), /^(Type)?Error: /)),
      );}
    if (index % 3 === 0) await Promise.resolve();
    if (index % 7 === 0) await turns();
  }
  await watched.supervisor.stop();
  await Promise.all(pending);
  assert.equal(watched.fixture.clock.timers, 0);
  await watched.stop();
}

Deno.test("Supervisor keeps its rules whatever happens, one after the other", async () => {
  await fc.assert(fc.asyncProperty(play, playWithModel), { numRuns: 300 });
});

Deno.test("Supervisor keeps one incarnation of a child at a time and leaves nothing, whatever happens at once", async () => {
  await fc.assert(fc.asyncProperty(play, playInHaste), { numRuns: 300 });
});
