import assert from "node:assert/strict";
import {
  type CallerSystem,
  createClient,
  createSystem,
  defineService,
  type HandlerContext,
  type Handlers,
  method,
  RpcError,
  type System,
  type Transport,
  type,
} from "rocket-actors";
import { systemClock } from "../../src/async/clock.ts";
import { createDeferred } from "../../src/async/deferred.ts";
import { topicOf } from "../../src/call/plan.ts";
import { freshName } from "../broker/shared.ts";
import { capitals, slowCapitals } from "../helpers/schemas.ts";
import { assertFails, until } from "../helpers/settled.ts";
import { streams } from "./stream_suite.ts";

/** One broker for one test. */
export interface CallSuiteFixture extends AsyncDisposable {
  /** A fresh transport: one more instance on the same broker. */
  transport(): Transport;
  /** Changes the queue plan of a topic, as an operator does: to that number, and the first queues of the broker. */
  declarePlan(topic: string, number: number, queues: number): Promise<void>;
}

/** What differs between transports. */
export interface CallSuiteOptions {
  /** Whether a message goes to the very queue that its sender names. Default: true. */
  readonly choosesQueues?: boolean;
}

type Handler = (input: unknown, context: HandlerContext) => unknown;

/** A contract under a name that nobody has used, so that its topics are fresh. */
function freshContract() {
  return defineService(freshName("Call"), {
    echo: method<unknown, unknown>({ safe: true }),
    once: method<unknown, unknown>(),
    wait: method<unknown, unknown>({ whenAbsent: "wait" }),
    nothing: method(),
  });
}

type TestContract = ReturnType<typeof freshContract>;

function handlersOf(once: Handler): Handlers<TestContract> {
  return { echo: (input) => input, once, wait: once, nothing: () => {} };
}

/** A server and a caller on a contract of their own. */
class Pair implements AsyncDisposable {
  readonly contract: TestContract;
  readonly server: System;
  readonly caller: CallerSystem;

  private constructor(contract: TestContract, server: System, caller: CallerSystem) {
    this.contract = contract;
    this.server = server;
    this.caller = caller;
  }

  static async start(fixture: CallSuiteFixture, once: Handler = (input) => input): Promise<Pair> {
    const contract = freshContract();
    const server = await createSystem({ name: "server", transport: fixture.transport() });
    await server.serve(contract, handlersOf(once));
    return new Pair(contract, server, await createClient({ name: "caller", transport: fixture.transport() }));
  }

  get client() {
    return this.caller.client(this.contract, { timeoutMs: 10_000 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.caller.close();
    await this.server.close();
  }
}

/**
 * What a call does on every transport.
 *
 * @param name the transport, for the names of the tests
 * @param factory makes the broker of one test
 */
export function callSuite(
  name: string,
  factory: () => Promise<CallSuiteFixture>,
  { choosesQueues = true }: CallSuiteOptions = {},
): void {
  const test = (promise: string, run: (fixture: CallSuiteFixture) => Promise<void>) =>
    Deno.test(`${name}: a call ${promise}`, async () => {
      await using fixture = await factory();
      await run(fixture);
    });
  answers(test);
  failures(test);
  instances(test);
  contracts(test);
  keys(test);
  if (choosesQueues) plans(test);
  streams(test);
}

/** A test of the suite. */
export type CallTest = (promise: string, run: (fixture: CallSuiteFixture) => Promise<void>) => void;

function answers(test: CallTest): void {
  test("is answered with the value, whatever its kind and its letters", async (fixture) => {
    await using pair = await Pair.start(fixture);
    const values = [0, "", "Grüße 𝄞 \u0000\u0001\u0002 % \ufeff", null, [], { a: [{ ü: true }] }, -1.5e300];
    for (const value of values) assert.deepEqual(await pair.client.echo(value), value);
  });

  test("without input or output is answered with undefined", async (fixture) => {
    await using pair = await Pair.start(fixture);
    assert.equal(await pair.client.nothing(), undefined);
    assert.equal(await pair.client.echo(undefined), undefined);
  });

  test("is answered with its own reply, 300 at once", async (fixture) => {
    await using pair = await Pair.start(fixture);
    const inputs = Array.from({ length: 300 }, (_, index) => index);
    assert.deepEqual(await Promise.all(inputs.map((input) => pair.client.echo({ input }))), [
      ...inputs.map((input) => ({ input })),
    ]);
    assert.equal(pair.caller.pending, 0);
  });

  test("carries headers, idempotency key and the caller's name", async (fixture) => {
    await using pair = await Pair.start(
      fixture,
      (
        _,
        context,
      ) => [[...context.headers], context.idempotencyKey, context.caller?.split("/")[0], context.attempt],
    );
    const headers = { tenant: "Bänk 100%", "x-Case.Kept_1": " a b " };
    const seen = await pair.client.once(1, { headers, idempotencyKey: "Schlüssel" });
    assert.deepEqual(seen, [Object.entries(headers), "Schlüssel", "caller", 1]);
  });

  test("carries a body of 1 MiB both ways", async (fixture) => {
    await using pair = await Pair.start(fixture);
    const input = "0123456789abcdef".repeat(65_536);
    assert.equal(await pair.client.echo(input), input);
  });
}

function failures(test: CallTest): void {
  test("larger than the transport carries is refused before it is sent", async (fixture) => {
    await using pair = await Pair.start(fixture);
    await assertFails(pair.client.echo("x".repeat(3 * 1024 * 1024)), "invalid_argument", "not_sent");
  });

  test("fails as its handler says, and with internal when it crashed", async (fixture) => {
    await using pair = await Pair.start(fixture, (input) => {
      if (input === "refuse") throw new RpcError("not_found", "Kein Konto „ä“");
      throw new Error("a secret");
    });
    const refused = await assertFails(pair.client.once("refuse"), "not_found", "replied");
    assert.equal(refused.message, "Kein Konto „ä“");
    const crashed = await assertFails(pair.client.once("crash"), "internal", "replied");
    assert.ok(!crashed.message.includes("secret"));
    await until(() => pair.server.services()[0]?.deadLetters === 1);
  });

  test("to a method that its server does not know is refused", async (fixture) => {
    await using pair = await Pair.start(fixture);
    const { name, methods } = pair.contract;
    const later = defineService(name, { ...methods, more: method() });
    await assertFails(pair.caller.client(later).more(), "unimplemented", "rejected");
  });

  test("fails at its deadline, and its handler is told", async (fixture) => {
    const aborted = createDeferred<void>();
    const gate = createDeferred<void>();
    await using pair = await Pair.start(fixture, (_, { signal }) => {
      signal.addEventListener("abort", () => aborted.resolve());
      return gate.promise;
    });
    // So that nothing but the call itself is done in its time, which is long enough for a machine that pauses.
    await pair.client.echo(1);
    await assertFails(pair.client.once(1, { timeoutMs: 4_000 }), "deadline_exceeded", "sent_unknown");
    await aborted.promise;
    gate.resolve();
  });

  test("fails at once when its caller cancels it", async (fixture) => {
    const started = createDeferred<void>();
    const gate = createDeferred<void>();
    await using pair = await Pair.start(fixture, () => {
      started.resolve();
      return gate.promise;
    });
    const controller = new AbortController();
    const call = assertFails(pair.client.once(1, { signal: controller.signal }), "cancelled", "sent_unknown");
    await started.promise;
    controller.abort();
    await call;
    gate.resolve();
  });
}

function instances(test: CallTest): void {
  test("to an absent service fails within about a second", async (fixture) => {
    await using caller = await createClient({ transport: fixture.transport() });
    const since = performance.now();
    const { once } = caller.client(freshContract(), { timeoutMs: 30_000 });
    await assertFails(once(1), "unavailable", "not_sent");
    // A second, and what a slow machine takes; far less than the call's own time.
    assert.ok(performance.now() - since < 8_000);
  });

  test("that may wait is run when its service comes back", async (fixture) => {
    await using pair = await Pair.start(fixture, () => "first");
    assert.equal(await pair.client.wait(1), "first");
    await pair.server.close();
    const waiting = pair.caller.client(pair.contract, { timeoutMs: 30_000 }).wait(2);
    await using second = await createSystem({ name: "second", transport: fixture.transport() });
    await second.serve(pair.contract, handlersOf(() => "second"));
    assert.equal(await waiting, "second");
  });

  test("is taken by either of two instances, and by the other when one leaves", async (fixture) => {
    await using pair = await Pair.start(fixture, () => "first");
    const second = await createSystem({ name: "second", transport: fixture.transport() });
    const service = await second.serve(pair.contract, handlersOf(() => "second"));
    await until(() => service.state().queues.length > 0);
    const seen = new Set<unknown>();
    while (seen.size < 2) {
      for (const answer of await Promise.all(Array.from({ length: 40 }, () => pair.client.once(1)))) {
        seen.add(answer);
      }
    }
    await second.close();
    for (let call = 0; call < 20; call++) assert.equal(await pair.client.once(1), "first");
  });
}

function contracts(test: CallTest): void {
  test("brings its handler what the input's schema parsed, and its caller what the output's did", async (fixture) => {
    const contract = defineService(freshName("Call"), {
      now: method({ input: capitals, output: capitals }),
      later: method({ input: slowCapitals, output: slowCapitals }),
    });
    await using server = await createSystem({ name: "server", transport: fixture.transport() });
    const seen: string[] = [];
    const handler = (input: string) => (seen.push(input), input === "BAD" ? 7 as never : `out of ${input}`);
    await server.serve(contract, { now: handler, later: handler });
    await using caller = await createClient({ name: "caller", transport: fixture.transport() });
    const client = caller.client(contract, { timeoutMs: 10_000 });
    assert.deepEqual([await client.now("a"), await client.later("b")], ["OUT OF A", "OUT OF B"]);
    assert.deepEqual(seen, ["A", "B"]);
    for (const method of ["now", "later"] as const) {
      const lost = await assertFails(client[method]("bad"), "internal", "executed_reply_lost");
      assert.match(lost.message, /items\[0\]\.name: must be a text/);
    }
  });

  test("with less time left than its method needs expires at once", async (fixture) => {
    const contract = defineService(freshName("Call"), {
      urgent: method<unknown, unknown>({ minRemainingMs: 9_000 }),
    });
    await using server = await createSystem({ name: "server", transport: fixture.transport() });
    await server.serve(contract, { urgent: (input) => input });
    await using caller = await createClient({ name: "caller", transport: fixture.transport() });
    const client = caller.client(contract, { timeoutMs: 30_000 });
    assert.equal(await client.urgent(1), 1);
    const since = performance.now();
    await assertFails(client.urgent(2, { timeoutMs: 8_000 }), "deadline_exceeded", "expired");
    assert.ok(performance.now() - since < 5_000);
  });
}

function plans(test: CallTest): void {
  test("with a key follows a change of the queue plan, whoever hears of it first", async (fixture) => {
    const contract = defineService(freshName("Call"), {
      keyed: method({ input: type<string>(), output: type<string>(), key: (input) => input }),
    }, { slots: 1 });
    await using server = await createSystem({ name: "server", transport: fixture.transport() });
    const handle = await server.serve(contract, { keyed: (key, context) => `${key} ${context.key}` });
    await using early = await createClient({ name: "early", transport: fixture.transport() });
    const keys = Array.from({ length: 20 }, (_, index) => `k${index}`);
    const ask = async (caller: CallerSystem) => {
      const proxy = caller.client(contract, { timeoutMs: 8_000 });
      assert.deepEqual(
        await Promise.all(keys.map((key) => proxy.keyed(key))),
        keys.map((key) => `${key} ${key}`),
      );
    };
    await ask(early);
    await fixture.declarePlan(topicOf(contract.name), 2, 3);
    // The late one goes by the new plan, of which the owner has not heard; then the early one by the old.
    await using late = await createClient({ name: "late", transport: fixture.transport() });
    await ask(late);
    await ask(early);
    assert.equal(handle.state().queues.length, 16);
  });
}

function keys(test: CallTest): void {
  test("with a key waits for those before it with that key, and runs in their order", async (fixture) => {
    const contract = defineService(freshName("Call"), {
      keyed: method({ input: type<string>(), output: type<number>(), key: (input) => input.slice(0, 1) }),
      free: method<number, number>(),
    });
    await using server = await createSystem({ name: "server", transport: fixture.transport() });
    const seen: string[] = [];
    let running = "";
    await server.serve(contract, {
      keyed: async (input) => {
        const [key = ""] = input;
        assert.ok(!running.includes(key), `${input} runs beside another one of its key`);
        running += key;
        await new Promise((resolve) => setTimeout(resolve, 5));
        running = running.replace(key, "");
        return seen.push(input);
      },
      free: (input) => input,
    });
    await using caller = await createClient({ name: "caller", transport: fixture.transport() });
    const client = caller.client(contract, { timeoutMs: 20_000 });
    const inputs = Array.from({ length: 10 }, (_, index) => ["a", "b", "c"].map((key) => key + index)).flat();
    await Promise.all([...inputs.map((input) => client.keyed(input)), client.free(1)]);
    for (const key of ["a", "b", "c"]) {
      const ofKey = (texts: readonly string[]) => texts.filter((text) => text.startsWith(key));
      assert.deepEqual(ofKey(seen), ofKey(inputs));
    }
  });

  test("by a stranger runs on its key's queue, wherever it was stored, and its answer finds the stranger", async (fixture) => {
    const contract = defineService(freshName("Call"), {
      keyed: method({ input: type<string>(), output: type<string>(), key: (input) => input }),
    }, { slots: 1 });
    await using server = await createSystem({ name: "server", transport: fixture.transport() });
    const handle = await server.serve(contract, { keyed: (key, context) => `${key} ${context.key}` });
    await until(() => handle.state().queues.length === 16);
    const stranger = fixture.transport();
    await stranger.start({ clock: systemClock, random: Math.random, instance: 7_777_777 });
    const answers = new Map<string, string>();
    stranger.onDirect(({ plain, body }) => {
      answers.set(plain?.correlationId ?? "", new TextDecoder().decode(body));
    });
    const topic = topicOf(contract.name);
    const queues = await stranger.queues(topic);
    for (const [index, queue] of queues.entries()) {
      const body = new TextEncoder().encode('"acc-1"');
      const plain = {
        correlationId: `stranger-${index}`,
        ttlMs: 20_000,
        replyTo: stranger.addresses.reply,
      };
      await stranger.send({ topic, tag: "keyed", keys: [], headers: new Map(), body, plain }, { queue });
    }
    await until(() => answers.size === queues.length);
    assert.deepEqual([...new Set(answers.values())], ['"acc-1 acc-1"']);
    await stranger.close();
  });
}
