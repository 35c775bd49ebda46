import assert from "node:assert/strict";
import { actor } from "../../actors/actor.ts";
import type { Exit } from "../../actors/supervision/child.ts";
import type { ServeOptions } from "../../actors/serve_options.ts";
import { ServiceActors } from "../../actors/service.ts";
import type { TreeNode } from "../../src/call/tree.ts";
import type { HandlerContext } from "../../src/call/handler.ts";
import { defineService } from "../../src/contract/define.ts";
import { method } from "../../src/contract/method.ts";
import { cellHost } from "../helpers/cell_host.ts";
import { idempotent } from "../helpers/actor_cells.ts";
import { FakeCall } from "../helpers/inbound_call.ts";
import { ManualClock } from "../helpers/manual_clock.ts";
import { turns } from "../helpers/settled.ts";

const contract = defineService("test.Service", { run: method(), other: method() });
const run = () => {};
const host = cellHost(new ManualClock());

Deno.test("ServiceActors refuse bounds that are no whole number above 0", () => {
  for (const name of ["concurrency", "mailboxCalls"]) {
    for (const value of [0, -1, 1.5, NaN, Infinity]) {
      assert.throws(() => new ServiceActors(contract, { run, other: run }, { [name]: value }, host), {
        name: "RangeError",
        message: `Cannot use '${name}': it must be a whole number above 0: current value is ${value}`,
      });
    }
  }
});

Deno.test("ServiceActors take a call to the cell of its method, and tell when a full one has room", async () => {
  const gates: (() => void)[] = [];
  const handler = () => new Promise<void>((resolve) => void gates.push(resolve));
  const options = { concurrency: 1, mailboxCalls: 1 };
  const actors = new ServiceActors(contract, { run: handler, other: run }, options, host);
  const { signal } = new AbortController();
  await actors.start({ signal, exited: () => assert.fail("gave up") });
  let rooms = 0;
  actors.onRoom(() => rooms++);
  const calls = ["a", "b", "c"].map((id) => new FakeCall(id));
  assert.deepEqual(calls.map((call) => actors.deliver(call)), [true, true, false]);
  assert.deepEqual(actors.nodes().map(({ id, kind, state, details }) => [id, kind, state, details]), [
    ["run", "method", "running", { depth: 1, running: 1, crashes: 0 }],
    ["other", "method", "running", { depth: 0, running: 0, crashes: 0 }],
  ]);
  gates[0]?.();
  await turns();
  assert.equal(rooms, 1);
  gates[1]?.();
  await turns();
  await actors.stop({ signal });
});

/** A service on a clock of its own: `run` is an actor whose lives are recorded, `other` too, `plain` a function. */
class Fixture {
  readonly clock = new ManualClock();
  readonly exits: Exit[] = [];
  /** What became of the lives of the actors, in order. */
  readonly events: string[] = [];
  readonly actors: ServiceActors;
  readonly #controller = new AbortController();

  constructor(
    options: ServeOptions = {},
    answer: (input: unknown, context: HandlerContext) => unknown = crashing,
    make: (name: string) => unknown = () => {},
  ) {
    const methods = { run: method(), plain: method(), other: method() };
    const lives = (name: string) =>
      actor(async ({ name: address }) => {
        this.events.push(`+${name}`);
        assert.equal(address, `test.Service/${name}`);
        await make(name);
        const handler = (input: unknown, context: HandlerContext) => answer(input, context);
        return Object.assign(handler, { [Symbol.dispose]: () => void this.events.push(`-${name}`) });
      });
    this.actors = new ServiceActors(
      defineService("test.Service", methods),
      { run: lives("run"), plain: answer, other: lives("other") },
      options,
      cellHost(this.clock),
    );
  }

  async start(): Promise<void> {
    const { signal } = this.#controller;
    await this.actors.start({ signal, exited: (exit) => this.exits.push(exit) });
  }

  async stop(): Promise<void> {
    await this.actors.stop({ signal: this.#controller.signal });
    assert.equal(this.clock.timers, 0, "no timer is left");
  }

  /** Delivers a call, and lets everything happen that needs no time. */
  async send(input: unknown, name = "run", call: FakeCall = idempotent("a", input)): Promise<FakeCall> {
    assert.ok(this.actors.deliver(Object.assign(call, { method: name })));
    await turns();
    return call;
  }

  async pass(ms: number): Promise<void> {
    this.clock.advance(ms);
    await turns();
  }

  node(name: string): TreeNode {
    const node = this.actors.nodes().find(({ id }) => id === name);
    assert.ok(node !== undefined);
    return node;
  }
}

function crashing(input: unknown, { attempt, self }: HandlerContext): unknown {
  if (input === "poison" || (input === "flaky" && attempt < 3)) throw new TypeError("secret");
  if (input === "stop") self.stop();
  return [input, attempt];
}

Deno.test("ServiceActors start actors in order, and end them in reverse", async () => {
  const fixture = new Fixture();
  await fixture.start();
  assert.deepEqual(fixture.events, ["+run", "+other"]);
  assert.deepEqual((await fixture.send("x")).result, { ok: true, output: ["x", 1] });
  await fixture.stop();
  assert.deepEqual([fixture.events, fixture.exits], [["+run", "+other", "-other", "-run"], []]);
});

Deno.test("ServiceActors do not start when a factory fails, and leave nothing behind", async () => {
  const fixture = new Fixture({}, crashing, (name) => {
    if (name === "other") throw new RangeError("no ledger");
  });
  await assert.rejects(fixture.start(), RangeError);
  assert.deepEqual(fixture.events, ["+run", "+other", "-run"]);
  await fixture.stop();
});

Deno.test("ServiceActors restart an actor that crashed after a wait, and run its call again on fresh state", async () => {
  const fixture = new Fixture();
  await fixture.start();
  const flaky = await fixture.send("flaky");
  const next = await fixture.send("next");
  assert.deepEqual([fixture.node("run").state, flaky.results, next.results], ["restarting", [], []]);
  await fixture.pass(50);
  assert.deepEqual([flaky.results, next.results], [[], []]);
  await fixture.pass(100);
  assert.deepEqual([flaky.result, next.result], [
    { ok: true, output: ["flaky", 3] },
    { ok: true, output: ["next", 1] },
  ]);
  assert.deepEqual(fixture.events, ["+run", "+other", "-run", "+run", "-run", "+run"]);
  const { state, restarts, lastFailure, details } = fixture.node("run");
  assert.deepEqual([state, restarts, lastFailure?.message, details], ["running", 2, "secret", {
    depth: 0,
    running: 0,
    crashes: 2,
  }]);
  await fixture.stop();
});

Deno.test("ServiceActors suspend an actor whose restarts are spent: it refuses, the others go on, it reopens", async () => {
  const fixture = new Fixture({ supervision: { intensity: 1 } });
  await fixture.start();
  const poison = await fixture.send("poison");
  await fixture.pass(50);
  assert.ok(poison.result !== undefined && "dead" in poison.result);
  assert.equal(poison.result.dead.reason, "handler crashed, its actor is suspended");
  assert.deepEqual([fixture.node("run").state, fixture.node("other").state], ["suspended", "running"]);
  const refused = await fixture.send("x");
  assert.ok(refused.result !== undefined && !refused.result.ok);
  assert.deepEqual([refused.result.error.code, refused.result.ran], ["unavailable", "no"]);
  const { message } = refused.result.error;
  assert.match(
    message,
    /^"test\.Service\/run" is suspended until .*Z, its restarts are spent: it failed with TypeError/,
  );
  assert.ok(!message.includes("secret"));
  for (const name of ["plain", "other"]) assert.equal((await fixture.send("x", name)).result?.ok, true);
  await fixture.pass(10_000);
  assert.deepEqual([(await fixture.send("x")).result?.ok, fixture.node("run").state], [true, "running"]);
  assert.deepEqual(fixture.exits, []);
  await fixture.stop();
});

Deno.test("ServiceActors spend nothing on a function that crashes", async () => {
  const fixture = new Fixture({ supervision: { intensity: 0 } });
  await fixture.start();
  for (let index = 0; index < 10; index++) await fixture.send("poison", "plain");
  const { state, restarts, details } = fixture.node("plain");
  assert.deepEqual([state, restarts, details?.["crashes"]], ["running", 0, 30]);
  await fixture.stop();
});

Deno.test("ServiceActors restart an actor with those that its strategy names", async () => {
  const both = ["+run", "+other", "-run", "-other", "+run", "+other"];
  for (
    const [strategy, crashed, events] of [
      ["one_for_all", "run", both],
      ["rest_for_one", "run", both],
      ["rest_for_one", "other", ["+run", "+other", "-other", "+other"]],
      ["one_for_one", "run", ["+run", "+other", "-run", "+run"]],
    ] as const
  ) {
    const fixture = new Fixture({ supervision: { strategy } });
    await fixture.start();
    await fixture.send("poison", crashed, new FakeCall("once", "poison"));
    await fixture.pass(50);
    assert.deepEqual(fixture.events, events, `${strategy} ${crashed}`);
    assert.equal((await fixture.send("x", "plain")).result?.ok, true);
    await fixture.stop();
  }
});

Deno.test("ServiceActors let a call of a sibling finish before it is restarted with the one that failed", async () => {
  const gate: { open: (() => void) | undefined } = { open: undefined };
  const answer = (input: unknown, context: HandlerContext) =>
    input === "long" ? new Promise<void>((resolve) => gate.open = resolve) : crashing(input, context);
  const fixture = new Fixture({ supervision: { strategy: "one_for_all" } }, answer);
  await fixture.start();
  const long = await fixture.send("long", "other");
  await fixture.send("poison", "run", new FakeCall("once", "poison"));
  await fixture.pass(1_000);
  assert.deepEqual([fixture.events, long.results], [["+run", "+other", "-run"], []]);
  gate.open?.();
  await turns();
  assert.deepEqual([fixture.events, long.result?.ok], [["+run", "+other", "-run", "-other"], true]);
  await fixture.pass(50);
  assert.deepEqual(fixture.events.slice(4), ["+run", "+other"]);
  await fixture.stop();
});

Deno.test("ServiceActors start an actor that ended normally as its spec says", async () => {
  for (
    const [restart, atOnce] of [["permanent", true], ["transient", false], ["temporary", false]] as const
  ) {
    const fixture = new Fixture({ methods: { run: { supervision: { restart } } } });
    await fixture.start();
    assert.equal((await fixture.send("stop")).result?.ok, true);
    await fixture.pass(50);
    const expected = ["+run", "+other", "-run", ...atOnce ? ["+run"] : []];
    assert.deepEqual(fixture.events, expected, restart);
    const calls = [await fixture.send("a"), await fixture.send("b")];
    assert.deepEqual(calls.map(({ result }) => result?.ok), [true, true]);
    assert.deepEqual(fixture.events, ["+run", "+other", "-run", "+run"], restart);
    await fixture.stop();
  }
});

Deno.test("ServiceActors that are temporary run no crashed call again, and start with the next call", async () => {
  const fixture = new Fixture({ supervision: { restart: "temporary", intensity: 0 } });
  await fixture.start();
  const poison = await fixture.send("poison");
  assert.ok(poison.result !== undefined && "dead" in poison.result);
  assert.equal(poison.result.dead.attempts, 1);
  assert.equal((await fixture.send("x")).result?.ok, true);
  assert.deepEqual(fixture.events, ["+run", "+other", "-run", "+run"]);
  await fixture.stop();
});

Deno.test("ServiceActors that are temporary answer the calls for which they could not be started", async () => {
  let broken = false;
  const fixture = new Fixture({ supervision: { restart: "temporary" } }, crashing, () => {
    if (broken) throw new TypeError("secret");
  });
  await fixture.start();
  broken = true;
  await fixture.send("stop");
  const call = await fixture.send("x");
  assert.ok(call.result !== undefined && !call.result.ok);
  assert.deepEqual([call.result.error.code, call.result.ran], ["unavailable", "no"]);
  assert.equal(
    call.result.error.message,
    '"test.Service/run" did not start: it failed with TypeError, which is in the callee\'s log',
  );
  broken = false;
  assert.equal((await fixture.send("x")).result?.ok, true);
  await fixture.stop();
});

Deno.test("ServiceActors give up where an actor escalates, all of them stopped", async () => {
  const fixture = new Fixture({ methods: { run: { supervision: { intensity: 0, onGiveUp: "escalate" } } } });
  await fixture.start();
  await fixture.send("poison", "other", new FakeCall("once", "poison"));
  await fixture.pass(50);
  assert.equal(fixture.exits.length, 0);
  await fixture.send("poison");
  const [exit] = fixture.exits;
  assert.ok(exit?.kind === "failed" && exit.error instanceof Error);
  assert.equal(
    exit.error.message,
    'Supervisor "test.Service" gave up: "run" ended after 0 restarts in 10000 ms',
  );
  assert.deepEqual(fixture.events.slice(-2).sort(), ["-other", "-run"]);
  await fixture.stop();
});

Deno.test("ServiceActors refuse an actor whose factory makes no handler", async () => {
  const text: unknown = "text";
  const given = { run: actor(() => text), other: run };
  const actors = new ServiceActors(contract, given, {}, host);
  const { signal } = new AbortController();
  await assert.rejects(actors.start({ signal, exited: () => {} }), {
    name: "TypeError",
    message: /^Cannot start "test\.Service\/run": its factory returned string: return the handler/,
  });
});

Deno.test("ServiceActors keep the state of a class instance, which is its own", async () => {
  class Counter {
    #count = 0;
    run(): number {
      return ++this.#count;
    }
    other(): void {}
  }
  const actors = new ServiceActors(contract, new Counter(), {}, host);
  const calls = [1, 2].map(() => new FakeCall("a"));
  for (const call of calls) actors.deliver(call);
  assert.deepEqual(calls.map(({ result }) => result?.ok && result.output), [1, 2]);
});

Deno.test("ServiceActors run calls of one key one at a time where the method has keys", async () => {
  const gates: (() => void)[] = [];
  const keyedContract = defineService("test.Service", {
    run: method<string, void>({ key: (input) => input, input: undefined }),
  });
  const handler = () => new Promise<void>((resolve) => void gates.push(resolve));
  const actors = new ServiceActors(keyedContract, { run: handler }, {}, host);
  for (const key of ["a", "a", "b"]) actors.deliver(Object.assign(new FakeCall(key), { key }));
  assert.equal(gates.length, 2);
  for (const open of gates) open();
  await turns();
  assert.equal(gates.length, 3);
  gates[2]?.();
  await turns();
});
