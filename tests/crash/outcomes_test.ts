import assert from "node:assert/strict";
import { actor } from "../../actors/actor.ts";
import { type CallerOptions, type CallerSystem, createClient } from "../../actors/client.ts";
import { createSystem, type System } from "../../actors/system.ts";
import { defineEntity, defineService } from "../../src/contract/define.ts";
import { method } from "../../src/contract/method.ts";
import type { Schema } from "../../src/contract/schema.ts";
import { CODES } from "../../src/errors/code.ts";
import { OUTCOMES } from "../../src/errors/outcome.ts";
import { RpcError } from "../../src/errors/rpc_error.ts";
import { MemoryStore } from "../../src/store/memory_store.ts";
import type { OutcomeStore } from "../../src/store/outcome_store.ts";
import { embedded, embeddedBroker } from "../../src/transport/embedded/mod.ts";
import type { Transport } from "../../src/transport/transport.ts";
import { ManualClock } from "../helpers/manual_clock.ts";
import { turns } from "../helpers/settled.ts";
import { OUTCOME_TABLE, type OutcomeName } from "./outcomes.ts";
import { wrapped } from "./wrapped.ts";

/** A schema that takes numbers only. */
const Count: Schema<unknown, unknown> = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate: (value) => typeof value === "number" ? { value } : { issues: [{ message: "not a number" }] },
  },
};
/** A schema that never comes to an end. */
const Endless: Schema<unknown, unknown> = {
  "~standard": { version: 1, vendor: "test", validate: () => new Promise<never>(() => {}) },
};

const Service = defineService("test.Outcomes", {
  run: method<unknown, unknown>(),
  again: method<unknown, unknown>({ idempotent: true }),
  counted: method({ output: Count, errors: { Short: Count } }),
  wait: method<unknown, unknown>({ whenAbsent: "wait" }),
});
const Feed = defineService("test.Feed", { read: method.stream<void, number>() });
type Run = (input: unknown, context: { retryAfter(ms: number): Error; client: System["client"] }) => unknown;

/** Systems and callers on one broker and one clock that stands still. */
class Stage implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly broker = embeddedBroker({ clock: this.clock });
  readonly #open: (System | CallerSystem)[] = [];

  async system(wrap: (transport: Transport) => Transport = (transport) => transport): Promise<System> {
    const transport = wrap(embedded(this.broker));
    const system = await createSystem({ name: "test", transport, clock: this.clock, random: () => 0.5 });
    this.#open.push(system);
    return system;
  }

  async serve(run: Run = (input) => input, store?: OutcomeStore): Promise<System> {
    const system = await this.system();
    await system.serve(Service, { run, again: run, counted: run, wait: run }, { store });
    return system;
  }

  async client(
    options: Partial<CallerOptions> = {},
    wrap: (transport: Transport) => Transport = (transport) => transport,
  ): Promise<CallerSystem> {
    const given = {
      transport: wrap(embedded(this.broker)),
      clock: this.clock,
      random: () => 0.5,
      ...options,
    };
    const client = await createClient(given);
    this.#open.push(client);
    return client;
  }

  /** Lets time pass until the call has failed. */
  async failure(call: Promise<unknown>): Promise<RpcError> {
    let failure: unknown;
    call.then((value) => failure = value, (error) => failure = error);
    for (let step = 0; failure === undefined && step < 2_000; step++) {
      await turns(2);
      this.clock.advance(50);
    }
    assert.ok(failure instanceof RpcError, `expected a failure, got ${String(failure)}`);
    return failure;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    let closed = false;
    const closing = Promise.all(this.#open.map((one) => one.close())).finally(() => closed = true);
    // Handlers that never end have the drain limit.
    while (!closed) {
      await turns(1);
      this.clock.advance(1_000);
    }
    await closing;
    this.broker.close();
  }
}

type Produce = (at: Stage) => Promise<RpcError | readonly RpcError[]>;
const never = () => new Promise<never>(() => {});

/** Reads a stream to its end. */
async function readAll(stream: AsyncIterable<unknown>): Promise<unknown[]> {
  const items: unknown[] = [];
  for await (const item of stream) items.push(item);
  return items;
}

/** A store that cannot be asked. */
const brokenStore: OutcomeStore = {
  find: () => Promise.reject(new Error("disk full")),
  begin: () => Promise.reject(new Error("disk full")),
  renew: () => Promise.reject(new Error("disk full")),
  finish: () => Promise.reject(new Error("disk full")),
  release: () => Promise.reject(new Error("disk full")),
};

const NOT_SENT: Readonly<Partial<Record<OutcomeName, Produce>>> = {
  badInput: async (at) => {
    await at.serve();
    const client = await at.client();
    const Checked = defineService("test.Outcomes", { ...Service.methods, run: method({ input: Count }) });
    const { run } = client.client(Service);
    return [
      await at.failure(client.client(Checked).run("x")),
      await at.failure(run(Symbol("not JSON"))),
      await at.failure(run("x".repeat(4 * 1024 * 1024))),
      await at.failure(run(1, { headers: { "": "x" } })),
      await at.failure(run(1, { idempotencyKey: "" })),
    ];
  },
  noMethod: async (at) => {
    const client = await at.client();
    return at.failure(client.invoke({ contract: Service, method: "nothing" }, 1));
  },
  nobody: async (at) => {
    const client = await at.client();
    const absent = await at.failure(client.client(Service).run(1));
    await at.serve();
    const send = () => Promise.reject(new RpcError("unavailable", "Down", { outcome: "not_sent" }));
    const cut = await at.client({}, (transport) => wrapped(transport, { send }));
    const down = await at.failure(cut.client(Service).run(1));
    await client.close();
    return [absent, down, await at.failure(client.client(Service).run(1))];
  },
  brokerFull: async (at) => {
    await at.serve();
    const send = () => Promise.reject(new RpcError("resource_exhausted", "Full", { outcome: "not_sent" }));
    const client = await at.client({}, (transport) => wrapped(transport, { send }));
    return at.failure(client.client(Service).run(1));
  },
  neverSent: async (at) => {
    await at.serve(never);
    const client = await at.client();
    const { run } = client.client(Service, { timeoutMs: 60_000 });
    // All that may be under way at once are.
    for (let call = 0; call < 4_096; call++) run(1).catch(() => {});
    return at.failure(run(1, { timeoutMs: 1_000 }));
  },
  cancelledBefore: async (at) => {
    await at.serve();
    const { run } = (await at.client()).client(Service);
    const aborted = await at.failure(run(1, { signal: AbortSignal.abort() }));
    const client = await at.client();
    const waiting = at.failure(client.client(Service).run(1));
    await client.close();
    return [aborted, await waiting];
  },
  entityCycle: async (at) => {
    const Account = defineEntity("test.Account", { ask: method<void, unknown>() });
    const system = await at.system();
    let inner: unknown;
    await system.serve(Account, () => ({
      async ask(_: void, context: { client: System["client"] }) {
        inner = await context.client(Account).at("a").ask().catch((error) => error);
      },
    }));
    await Promise.all([system.client(Account).at("a").ask(), turns(20)]);
    assert.ok(inner instanceof RpcError);
    return inner;
  },
  interceptor: async (at) => {
    await at.serve();
    const client = await at.client();
    const refuse = (code: RpcError["code"]) => {
      const interceptors = [() => Promise.reject(new RpcError(code, "No"))];
      return at.failure(client.client(Service, { interceptors }).run(1));
    };
    return Promise.all(CODES.map(refuse));
  },
};

const SENT_UNKNOWN: Readonly<Partial<Record<OutcomeName, Produce>>> = {
  streamBroken: async (at) => {
    const system = await at.system();
    await system.serve(Feed, {
      async *read() {
        yield 1;
        await never();
      },
    });
    const stream = (await at.client()).client(Feed, { timeoutMs: 60_000 }).read();
    const reading = at.failure(readAll(stream));
    await turns(20);
    at.broker.crash(system.instance);
    return reading;
  },
  streamGap: async (at) => {
    let sent = 0;
    // The second item does not arrive, and nobody has stored it.
    const sendTo = (forward: () => Promise<void>) => ++sent === 2 ? Promise.resolve() : forward();
    const system = await at.system((transport) => wrapped(transport, { sendTo }));
    await system.serve(Feed, {
      async *read() {
        for (let n = 1; n <= 3; n++) {
          yield n;
          await turns(3);
        }
      },
    });
    return at.failure(readAll((await at.client()).client(Feed).read()));
  },
  lostAnswer: async (at) => {
    await at.serve();
    const send = () => Promise.reject(new RpcError("unavailable", "Cut", { outcome: "sent_unknown" }));
    const client = await at.client({}, (transport) => wrapped(transport, { send }));
    return at.failure(client.client(Service).run(1));
  },
  brokenTransport: async (at) => {
    await at.serve();
    const send = () => Promise.reject(new Error("No RpcError"));
    const client = await at.client({}, (transport) => wrapped(transport, { send }));
    return at.failure(client.client(Service).run(1));
  },
  noReply: async (at) => {
    await at.serve(never);
    return at.failure((await at.client()).client(Service).run(1));
  },
  gaveUp: async (at) => {
    await at.serve(never);
    const client = await at.client();
    const controller = new AbortController();
    const aborted = at.failure(client.client(Service).run(1, { signal: controller.signal }));
    const closed = at.failure(client.client(Service).run(1));
    await turns(10);
    controller.abort();
    await client.close();
    return [await aborted, await closed];
  },
  mayHaveRun: async (at) => {
    const system = await at.serve(() => {
      at.broker.crash(system.instance);
      return never();
    });
    const call = (await at.client()).client(Service, { timeoutMs: 60_000 }).run(1);
    await turns(10);
    await at.serve();
    return at.failure(call);
  },
  refusedSuspect: async (at) => {
    const More = defineService("test.Outcomes", { ...Service.methods, more: method<unknown, unknown>() });
    const system = await at.system();
    const dies = () => {
      at.broker.crash(system.instance);
      return never();
    };
    await system.serve(More, { run: dies, again: dies, counted: dies, wait: dies, more: dies });
    const call = (await at.client()).client(More, { timeoutMs: 60_000 }).more(1);
    await turns(10);
    await at.serve();
    return at.failure(call);
  },
};

const EXPIRED_OR_REJECTED: Readonly<Partial<Record<OutcomeName, Produce>>> = {
  expired: async (at) => {
    const other = await at.system();
    const Busy = defineService("test.Busy", { run: method<unknown, unknown>() });
    let free: () => void = () => {};
    await other.serve(Busy, { run: () => new Promise<void>((resolve) => free = resolve) }, {
      concurrency: 1,
    });
    const busy = other.client(Busy);
    busy.run(1, { timeoutMs: 60_000 }).catch(() => {});
    await turns(10);
    // It waits behind the first one, in the mailbox, until its time is up.
    const waiting = busy.run(2, { timeoutMs: 1_000 });
    await turns(10);
    at.clock.advance(1_050);
    free();
    const Hasty = defineService("test.Hasty", {
      run: method<unknown, unknown>({ minRemainingMs: 3_000, timeoutMs: 5_000 }),
    });
    await other.serve(Hasty, { run: () => assert.fail("ran") });
    const late = await at.failure(waiting);
    return [late, await at.failure(other.client(Hasty).run(1, { timeoutMs: 2_000 }))];
  },
  badBody: async (at) => {
    const Checked = defineService("test.Outcomes", {
      run: method<unknown, unknown>({ input: Count }),
      again: method<unknown, unknown>({ key: () => "theirs" }),
    });
    const system = await at.system();
    await system.serve(Checked, { run: (input) => input, again: (input) => input });
    const Keyed = defineService("test.Outcomes", {
      run: method<unknown, unknown>(),
      again: method<unknown, unknown>({ key: () => "ours" }),
    });
    const client = (await at.client()).client(Keyed);
    return [await at.failure(client.run("x")), await at.failure(client.again(1))];
  },
  unknownMethod: async (at) => {
    await at.serve();
    const More = defineService("test.Outcomes", { ...Service.methods, more: method<unknown, unknown>() });
    const Read = defineService("test.Outcomes", { run: method.stream<unknown, unknown>() });
    const client = await at.client();
    return [
      await at.failure(client.client(More).more(1)),
      await at.failure(client.client(Read).run(1).next()),
    ];
  },
  sameKey: async (at) => {
    await at.serve((input) => input, new MemoryStore({ clock: at.clock }));
    const { run } = (await at.client()).client(Service);
    await run(1, { idempotencyKey: "k" });
    const conflict = await at.failure(run(2, { idempotencyKey: "k" }));
    const Self = defineService("test.Self", { ask: method<void, unknown>() });
    const system = await at.system();
    let inner: unknown;
    await system.serve(Self, {
      ask: actor(() => async (_: void, context: { client: System["client"] }) => {
        inner = await context.client(Self).ask().catch((error) => error);
      }),
    });
    await Promise.all([system.client(Self).ask(), turns(30)]);
    assert.ok(inner instanceof RpcError);
    return [conflict, inner];
  },
  suspended: async (at) => {
    const Broken = defineService("test.Broken", { run: method<unknown, unknown>() });
    const system = await at.system();
    let starts = 0;
    const run = actor(() => {
      if (starts++ > 0) throw new Error("no ledger");
      return () => {
        throw new Error("ledger lost");
      };
    });
    await system.serve(Broken, { run }, { supervision: { intensity: 0 } });
    await at.failure(system.client(Broken).run(1));
    const suspended = await at.failure(system.client(Broken).run(1, { timeoutMs: 2_000 }));
    await at.serve((input) => input, brokenStore);
    return [suspended, await at.failure((await at.client()).client(Service).run(1))];
  },
  slowSchema: async (at) => {
    const Slow = defineService("test.Slow", { run: method({ input: Endless }) });
    const system = await at.system();
    await system.serve(Slow, { run: () => assert.fail("ran") });
    const Unchecked = defineService("test.Slow", { run: method<unknown, unknown>() });
    return at.failure((await at.client()).client(Unchecked, { timeoutMs: 20_000 }).run(1));
  },
};

const RAN: Readonly<Partial<Record<OutcomeName, Produce>>> = {
  answerLost: async (at) => {
    await at.serve((input) => input === "odd" ? Symbol("not JSON") : "not a number");
    const client = (await at.client()).client(Service);
    return [await at.failure(client.run("odd")), await at.failure(client.counted())];
  },
  tooLate: async (at) => {
    let answer: (value: string) => void = () => {};
    await at.serve(() => new Promise((resolve) => answer = resolve));
    const call = (await at.client()).client(Service).run(1, { timeoutMs: 1_000 });
    await turns(10);
    at.clock.advance(1_100);
    answer("late");
    return at.failure(call);
  },
  answered: async (at) => {
    await at.serve((input) => {
      const code = CODES.find((known) => known === input);
      throw new RpcError(code ?? "internal", "No");
    });
    const { run } = (await at.client()).client(Service);
    return Promise.all(CODES.map((code) => at.failure(run(code))));
  },
  crashed: async (at) => {
    await at.serve(() => {
      throw new Error("boom");
    });
    const client = (await at.client()).client(Service);
    return [await at.failure(client.run(1)), await at.failure(client.again(1))];
  },
  retriedInVain: async (at) => {
    await at.serve((_, context) => {
      throw context.retryAfter(100);
    });
    return at.failure((await at.client()).client(Service).run(1));
  },
};

const PRODUCE = { ...NOT_SENT, ...SENT_UNKNOWN, ...EXPIRED_OR_REJECTED, ...RAN };

for (const [name, { code, outcome, when }] of Object.entries(OUTCOME_TABLE)) {
  Deno.test(`a call fails with ${code} / ${outcome}: ${name}: ${when}`, async () => {
    await using at = new Stage();
    const produce = PRODUCE[name as OutcomeName];
    assert.ok(produce !== undefined, `nothing produces "${name}"`);
    const produced = await produce(at);
    const failures = produced instanceof RpcError ? [produced] : produced;
    assert.ok(failures.length > 0);
    for (const failure of failures) {
      assert.equal(failure.outcome, outcome, failure.message);
      if (code !== "any") assert.equal(failure.code, code, failure.message);
    }
    if (code === "any") assert.deepEqual(failures.map((failure) => failure.code), CODES);
  });
}

Deno.test("the table of outcomes has every outcome", () => {
  const stated = new Set(Object.values(OUTCOME_TABLE).map(({ outcome }) => outcome));
  assert.deepEqual([...stated].sort(), [...OUTCOMES].sort());
});
