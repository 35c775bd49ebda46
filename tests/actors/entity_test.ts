import assert from "node:assert/strict";
import { EntityActors } from "../../actors/entity.ts";
import type { ServeOptions } from "../../actors/serve_options.ts";
import { createClient } from "../../actors/client.ts";
import { createSystem, type System } from "../../actors/system.ts";
import { createDeferred } from "../../src/async/deferred.ts";
import type { HandlerContext, Handlers } from "../../src/call/handler.ts";
import { defineEntity } from "../../src/contract/define.ts";
import { method } from "../../src/contract/method.ts";
import { RpcError } from "../../src/errors/rpc_error.ts";
import { embedded, embeddedBroker } from "../../src/transport/embedded/mod.ts";
import { cellHost } from "../helpers/cell_host.ts";
import { FakeCall } from "../helpers/inbound_call.ts";
import { ManualClock } from "../helpers/manual_clock.ts";
import { assertFails, turns, until } from "../helpers/settled.ts";
import { nodeAt } from "../helpers/tree.ts";

const Account = defineEntity("test.Account", {
  deposit: method<{ readonly cents: number }, { readonly balance: number }>(),
  balance: method<void, number>({ safe: true }),
  audit: method<string, string>({ idempotent: true }),
});

/** An account in memory. */
class AccountActor implements Handlers<typeof Account> {
  readonly key: string;
  readonly #events: string[];
  #balance = 0;

  constructor(key: string, events: string[] = []) {
    this.key = key;
    this.#events = events;
    events.push(`+${key}`);
  }
  deposit({ cents }: { readonly cents: number }): { readonly balance: number } {
    return { balance: this.#balance += cents };
  }
  balance(): number {
    return this.#balance;
  }
  async audit(what: string, { key, self, attempt }: HandlerContext): Promise<string> {
    if (what === "crash" && attempt === 1) throw new Error("crash");
    if (what === "stop") self.stop();
    return await Promise.resolve(`${key} ${self.key} ${self.name} ${attempt}`);
  }
  [Symbol.asyncDispose](): Promise<void> {
    this.#events.push(`-${this.key}`);
    return Promise.resolve();
  }
}

function actorsOf(factory: unknown, options: ServeOptions = {}, clock = new ManualClock()): EntityActors {
  return new EntityActors(Account, factory, options, cellHost(clock, Account));
}

function call(key: string, name: string, input?: unknown): FakeCall {
  return Object.assign(new FakeCall(key, input), {
    key,
    method: name,
    settings: method({ safe: true }).settings,
  });
}

Deno.test("EntityActors keep one actor per key, with all its methods, found on its class", async () => {
  const actors = actorsOf((key: string) => new AccountActor(key));
  const calls = [
    call("a", "deposit", { cents: 5 }),
    call("b", "deposit", { cents: 1 }),
    call("a", "deposit", { cents: 2 }),
    call("a", "balance"),
  ];
  for (const each of calls) actors.deliver(each);
  assert.deepEqual(calls.map(({ result }) => result?.ok && result.output), [{ balance: 5 }, { balance: 1 }, {
    balance: 7,
  }, 7]);
  await actors.stop();
});

Deno.test("EntityActors refuse what makes no actor", () => {
  assert.throws(() => actorsOf(new AccountActor("a")), {
    name: "TypeError",
    message: /^Cannot serve "test\.Account": write a function that makes the actor of a key/,
  });
});

Deno.test("EntityActors answer calls whose factory makes something else, after its tries are spent", async () => {
  const clock = new ManualClock();
  for (
    const [made, message] of [
      ["text", 'Cannot start an actor of "test.Account": its factory returned string, not an object'],
      [
        { deposit: () => {}, balance: 5 },
        'Cannot start an actor of "test.Account": what its factory returned has no method "balance"',
      ],
    ] as const
  ) {
    const actors = actorsOf(() => Promise.resolve(made), { supervision: { intensity: 0 } }, clock);
    const waiting = call("a", "balance");
    actors.deliver(waiting);
    await turns();
    assert.ok(waiting.result !== undefined && !waiting.result.ok);
    assert.equal(waiting.result.error.code, "unavailable");
    const [cells] = actors.nodes();
    const cell = cells?.children[0];
    assert.deepEqual([cell?.id, cell?.state, cell?.lastFailure?.message], ["a", "suspended", message]);
    assert.equal(cell?.reopensAtMs, clock.now() + 10_000);
    await actors.stop();
  }
});

Deno.test("EntityActors show at most 100 keys in the tree, those that failed first", async () => {
  const actors = actorsOf((key: string) => new AccountActor(key), { supervision: { intensity: 0 } });
  for (let index = 0; index < 150; index++) actors.deliver(call(`k${index}`, "balance"));
  actors.deliver(call("k149", "audit", "crash"));
  await turns();
  const [cells] = actors.nodes();
  assert.deepEqual([cells?.children.length, cells?.children[0]?.id, cells?.children[0]?.state], [
    100,
    "k149",
    "suspended",
  ]);
  assert.deepEqual(cells?.details, {
    cells: 150,
    depth: 0,
    running: 0,
    idle: 149,
    restartsLeft: 0,
    activations: 150,
    passivations: 0,
    failures: 1,
  });
  await actors.stop();
});

/** A system that serves accounts, and what became of their actors. */
async function served(options: ServeOptions<typeof Account> = {}, broker = embeddedBroker(), name = "bank") {
  const events: string[] = [];
  const system = await createSystem({ name, transport: embedded(broker), random: () => 0.5 });
  const handle = await system.serve(Account, (key) => new AccountActor(key, events), options);
  return { system, handle, events, broker };
}

Deno.test("createSystem serves an entity: its keys keep their state, whoever calls", async () => {
  const { system, events, broker } = await served();
  const account = system.client(Account).at("acc-1");
  const deposits = await Promise.all([1, 2, 3].map((cents) => account.deposit({ cents })));
  assert.deepEqual(deposits.map(({ balance }) => balance), [1, 3, 6]);
  assert.equal(await system.client(Account).at("acc-2").balance(), 0);
  assert.equal(await account.audit("x"), "acc-1 acc-1 test.Account@acc-1 1");
  const cells = nodeAt(system.tree(), "test.Account", "cells");
  assert.deepEqual(cells.children.map(({ id, kind, state }) => [id, kind, state]), [
    ["acc-1", "cell", "running"],
    ["acc-2", "cell", "running"],
  ]);
  await system.close();
  assert.deepEqual(events.slice(0, 2).concat(events.slice(2).sort()), [
    "+acc-1",
    "+acc-2",
    "-acc-1",
    "-acc-2",
  ]);
  broker.close();
});

Deno.test("createSystem makes an entity's actor anew after a crash, and runs its call again", async () => {
  const { system, events, broker } = await served({ supervision: { backoff: { initialMs: 1, maxMs: 1 } } });
  const account = system.client(Account).at("a");
  await account.deposit({ cents: 5 });
  assert.equal(await account.audit("crash"), "a a test.Account@a 2");
  assert.equal(await account.balance(), 0);
  assert.deepEqual(events, ["+a", "-a", "+a"]);
  assert.equal(await account.audit("stop"), "a a test.Account@a 1");
  await until(() => events.length === 4);
  assert.deepEqual(nodeAt(system.tree(), "test.Account", "cells").details?.["failures"], 1);
  await system.close();
  broker.close();
});

Deno.test("createSystem ends the actors of keys that go to another instance before that has them", async () => {
  const { system: first, events: before, broker } = await served({}, undefined, "first");
  const caller = await createClient({ transport: embedded(broker) });
  const keys = Array.from({ length: 40 }, (_, index) => `k${index}`);
  const deposit = (key: string) => caller.client(Account).at(key).deposit({ cents: 1 });
  await Promise.all(keys.map(deposit));
  assert.equal(before.length, 40);
  const { system: second, events: after } = await served({}, broker, "second");
  await until(() => [first, second].every((system) => system.services()[0]?.queues.length === 8));
  const moved = before.slice(40).map((event) => event.slice(1));
  assert.ok(moved.length > 0 && moved.length < 40);
  await Promise.all(keys.map(deposit));
  assert.deepEqual(after.map((event) => event.slice(1)).sort(), moved.sort());
  assert.equal(nodeAt(first.tree(), "test.Account", "cells").details?.["cells"], 40 - moved.length);
  await Promise.all([first.close(), second.close(), caller.close()]);
  broker.close();
});

Deno.test("createSystem refuses a call that leads back to its own key, and not one to another", async () => {
  const broker = embeddedBroker();
  const system: System = await createSystem({ name: "bank", transport: embedded(broker) });
  const Node = defineEntity("test.Node", { visit: method<readonly string[], string>() });
  await system.serve(Node, (key) => ({
    async visit([next, ...rest], context) {
      return next === undefined ? key : `${key} ${await context.client(Node).at(next).visit(rest)}`;
    },
  }));
  const client = system.client(Node);
  assert.equal(await client.at("a").visit(["b", "c"]), "a b c");
  const failure = await assertFails(client.at("a").visit(["b", "a"]), "failed_precondition", "replied");
  assert.match(failure.message, /test\.Node@a -> test\.Node@b -> test\.Node@a/);
  await system.close();
  broker.close();
});

Deno.test("createSystem answers with what an entity's factory refuses", async () => {
  await using system = await createSystem({ name: "bank", transport: embedded() });
  const opened = createDeferred<void>();
  await system.serve(Account, async (key) => {
    await opened.promise;
    if (key === "none") throw new RpcError("not_found", "No such account");
    return new AccountActor(key);
  });
  const calls = [
    system.client(Account).at("none").balance(),
    system.client(Account).at("a").balance(),
  ] as const;
  opened.resolve();
  await assertFails(calls[0], "not_found", "rejected");
  assert.equal(await calls[1], 0);
  assert.equal(nodeAt(system.tree(), "test.Account", "cells").details?.["cells"], 1);
});
