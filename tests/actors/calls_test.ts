import assert from "node:assert/strict";
import { createClient } from "../../actors/client.ts";
import { createSystem } from "../../actors/system.ts";
import { PACK_CALLS } from "../../src/client/defaults.ts";
import type { HandlerContext } from "../../src/call/handler.ts";
import { HEADER, unescapeHeader } from "../../src/envelope/headers.ts";
import { RpcError } from "../../src/errors/rpc_error.ts";
import { embedded, type EmbeddedBroker, embeddedBroker } from "../../src/transport/embedded/mod.ts";
import { ManualClock } from "../helpers/manual_clock.ts";
import { assertFails, turns, until } from "../helpers/settled.ts";
import { nodeAt } from "../helpers/tree.ts";

import { gated, handlers, Later, served, Service } from "../helpers/test_service.ts";

const DEAD_LETTERS = "%DLQ%rpc-test-Service";

function deadLetters(broker: EmbeddedBroker): readonly string[] {
  return broker.messages(DEAD_LETTERS).map(({ message }) =>
    `${message.keys[0]}: ${unescapeHeader(message.headers.get(HEADER.dead) ?? "")}`
  );
}

Deno.test("createSystem serves a contract and calls it, with everything the handler is promised", async () => {
  await using system = await createSystem({ name: "bank", transport: embedded() });
  let context: HandlerContext | undefined;
  const handle = await system.serve(Service, handlers((input, given) => (context = given, { got: input })));
  const answer = await system.client(Service).once({ a: "ü" }, {
    headers: { tenant: "t1" },
    idempotencyKey: "k",
  });
  assert.deepEqual(answer, { got: { a: "ü" } });
  assert.ok(context !== undefined);
  assert.deepEqual(
    [context.caller, context.headers.get("tenant"), context.idempotencyKey, context.attempt],
    [`bank/${system.instance}`, "t1", "k", 1],
  );
  assert.ok(context.remainingMs() > 0 && !context.signal.aborted);
  await until(() => handle.state().unsettled === 0);
  const { contract, queues, deadLetters } = handle.state();
  assert.deepEqual([contract, queues.length, deadLetters], ["test.Service", 16, 0]);
  assert.deepEqual(nodeAt(system.tree(), "test.Service", "once").details, {
    depth: 0,
    running: 0,
    crashes: 0,
  });
});

Deno.test("createSystem answers what a handler refused, and what no handler may see", async () => {
  await using system = await createSystem({ name: "test", transport: embedded() });
  await system.serve(
    Service,
    handlers(() => {
      throw new RpcError("failed_precondition", "Too much", { outcome: "not_sent" });
    }),
  );
  const refused = await assertFails(system.client(Service).once(1), "failed_precondition", "replied");
  assert.equal(refused.message, "Too much");
  const unknown = await assertFails(system.client(Later).more(1), "unimplemented", "rejected");
  assert.match(unknown.callId ?? "", /^[0-9a-f-]{36}$/);
  await assertFails(system.client(Service).once(Symbol("odd")), "invalid_argument", "not_sent");
});

Deno.test("createSystem says that a call ran whose answer cannot travel", async () => {
  await using system = await createSystem({ name: "test", transport: embedded() });
  await system.serve(
    Service,
    handlers((input) => input === "big" ? "x".repeat(3 * 1024 * 1024) : Symbol("odd")),
  );
  await assertFails(system.client(Service).once("big"), "internal", "executed_reply_lost");
  await assertFails(system.client(Service).once("odd"), "internal", "executed_reply_lost");
});

Deno.test("createSystem tells a call that expired before it ran from one that may have run", async () => {
  const { gate, contexts, handler } = gated();
  const { system, clock } = await served(handler);
  const client = system.client(Service, { timeoutMs: 100 });
  const running = assertFails(client.once(1), "deadline_exceeded", "sent_unknown");
  await turns(5);
  const { signal } = contexts[0] ?? assert.fail();
  const waiting = assertFails(client.once(2, { timeoutMs: 250 }), "deadline_exceeded", "expired");
  await turns(5);
  clock.advance(260);
  assert.ok(signal.aborted);
  clock.advance(60);
  await running;
  gate.resolve("too late");
  await waiting;
  assert.equal(contexts.length, 1);
  await system.close();
  assert.equal(clock.timers, 0);
});

Deno.test("createSystem learns within the grace that a call was executed too late", async () => {
  const { gate, handler } = gated();
  const { system, clock } = await served(handler);
  const call = assertFails(
    system.client(Service).once(1, { timeoutMs: 100 }),
    "deadline_exceeded",
    "executed_reply_lost",
  );
  await turns(5);
  clock.advance(150);
  gate.resolve("late");
  await call;
  await system.close();
});

Deno.test("createSystem cancels a call by its signal, with the outcome known", async () => {
  const { gate, contexts, handler } = gated();
  const { system } = await served(handler);
  const controller = new AbortController();
  const call = assertFails(
    system.client(Service).once(1, { signal: controller.signal }),
    "cancelled",
    "sent_unknown",
  );
  await turns(5);
  assert.equal(contexts.length, 1);
  controller.abort();
  await call;
  gate.resolve(1);
  await system.close();
});

Deno.test("createSystem fails calls to an absent service after two looks, and those that wait are run later", async () => {
  const clock = new ManualClock();
  const system = await createSystem({ name: "test", transport: embedded(), clock });
  const client = system.client(Service);
  const absent = assertFails(client.once(1), "unavailable", "not_sent");
  await turns();
  clock.advance(1_000);
  await absent;
  await (await system.serve(Service, handlers())).stop();
  const waiting = client.wait("later", { timeoutMs: 10_000 });
  await turns();
  await system.serve(Service, handlers());
  assert.equal(await waiting, "later");
  await system.close();
  assert.equal(clock.timers, 0);
});

Deno.test("createSystem never runs what expired while nobody served", async () => {
  const clock = new ManualClock();
  const broker = embeddedBroker();
  const caller = await createClient({ transport: embedded(broker), clock });
  const first = await createSystem({ name: "first", transport: embedded(broker), clock });
  await first.serve(Service, handlers());
  await first.close();
  const call = assertFails(
    caller.client(Service).wait(1, { timeoutMs: 3_000 }),
    "deadline_exceeded",
    "sent_unknown",
  );
  for (let second = 0; second < 4; second++) {
    await turns();
    clock.advance(1_000);
  }
  await call;
  clock.advance(60_000);
  const second = await createSystem({ name: "second", transport: embedded(broker), clock });
  const handle = await second.serve(Service, handlers(() => assert.fail("ran late")));
  await until(() => handle.state().expiredUnanswered === 1);
  assert.equal(handle.state().deadLetters, 0);
  await Promise.all([second.close(), caller.close()]);
  broker.close();
});

Deno.test("createSystem shares an embedded broker with others, and the work with its equals", async () => {
  const broker = embeddedBroker();
  const servers = await Promise.all(
    ["a", "b"].map((name) => createSystem({ name, transport: embedded(broker) })),
  );
  for (const server of servers) await server.serve(Service, handlers(() => server.name));
  const caller = await createClient({ transport: embedded(broker), name: "caller" });
  // As many packs of each method as its slot has queues.
  const calls = 2 * 4 * PACK_CALLS;
  const answers = await Promise.all(
    Array.from({ length: calls }, (_, index) => caller.client(Service)[index % 2 ? "once" : "echo"](index)),
  );
  assert.deepEqual([...new Set(answers)].sort(), ["a", "b"]);
  assert.deepEqual(servers.map((server) => server.services()[0]?.queues.length), [8, 8]);
  await servers[0]?.close();
  assert.equal(await caller.client(Service).once(1), "b");
  assert.equal(servers[1]?.services()[0]?.queues.length, 16);
  await Promise.all([servers[1]?.close(), caller.close()]);
  broker.close();
});

Deno.test("createSystem keeps crashed calls as dead letters with the reason, and answers internal", async () => {
  const broker = embeddedBroker();
  const system = await createSystem({ name: "test", transport: embedded(broker) });
  let runs = 0;
  const handle = await system.serve(
    Service,
    handlers(() => {
      runs++;
      throw new Error("boom");
    }),
  );
  const once = await assertFails(system.client(Service).once(1), "internal", "replied");
  assert.equal(runs, 1);
  const safe = await assertFails(system.client(Service).echo(1), "internal", "replied");
  assert.equal(runs, 4);
  assert.deepEqual(deadLetters(broker), [
    `${once.callId}: handler crashed; attempts: 1`,
    `${safe.callId}: handler crashed, attempts spent; attempts: 3`,
  ]);
  assert.equal(handle.state().deadLetters, 2);
  assert.equal(nodeAt(system.tree(), "test.Service", "echo").details?.["crashes"], 3);
  await system.close();
  broker.close();
});
