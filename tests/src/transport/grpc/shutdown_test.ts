import assert from "node:assert/strict";
import { type Clock, createClient, createSystem, defineService, method, systemClock } from "rocket-actors";
import { grpc } from "rocket-actors/transport/grpc";
import { ScriptedProxy } from "../../../fault/scripted_proxy.ts";
import { HastyClock, startGrpc, textMessage } from "../../../helpers/grpc_stage.ts";
import { RecordingSink } from "../../../helpers/recording_sink.ts";
import { failureOf, until } from "../../../helpers/settled.ts";

/** How long requests are waited for that nobody answers, one after the other: receipts, what is given back, farewells. */
const UNANSWERED_MS = 10_000;
/** What comes of itself would come sooner. */
const CALM_MS = 200;

/** Closes it, and asserts that this takes no longer. */
async function closesWithin(ms: number, close: () => Promise<void>): Promise<void> {
  const since = performance.now();
  await close();
  const tookMs = performance.now() - since;
  assert.ok(tookMs < ms, `it took ${tookMs} ms`);
}

/** Nothing is asked of a proxy any more by whoever has closed. */
async function assertSilent(proxy: ScriptedProxy): Promise<void> {
  await pause(50);
  const before = proxy.asked.length;
  await pause(CALM_MS);
  assert.deepEqual(proxy.asked.slice(before), []);
}

/** With a message that is settled while nobody takes note of it, one that is not, and one that waits here. */
async function occupied(proxy: ScriptedProxy, clock: Clock = systemClock): Promise<() => Promise<void>> {
  const { transport } = await startGrpc({ endpoints: proxy.endpoint }, clock);
  const sink = new RecordingSink(2);
  await transport.subscribe({ topic: "T", group: "rpc-T" }, sink);
  const queues = await transport.queues("T");
  const [queue] = queues;
  assert.ok(queue);
  const texts = ["0", "1", "2", "3", "4"];
  await Promise.all(texts.map((text) => transport.send(textMessage("T", text), { queue })));
  await until(() => sink.deliveries.length === 2);
  return () => {
    sink.deliveries[0]?.ack();
    return transport.close();
  };
}

Deno.test("GrpcTransport closes while its proxy is dead, and does not come back with it", async () => {
  await using proxy = await ScriptedProxy.start();
  const close = await occupied(proxy);
  proxy.stop();
  await closesWithin(UNANSWERED_MS, close);
  await proxy.listen();
  await assertSilent(proxy);
});

Deno.test("GrpcTransport closes while its proxy answers nothing", async () => {
  await using proxy = await ScriptedProxy.start();
  const close = await occupied(proxy);
  proxy.script = { silent: () => true };
  await closesWithin(UNANSWERED_MS + 5_000, close);
  proxy.script = {};
  await assertSilent(proxy);
});

Deno.test("GrpcTransport closes while the broker behind its proxy is dead", async () => {
  await using proxy = await ScriptedProxy.start();
  const close = await occupied(proxy);
  const codes: Readonly<Record<string, number>> = {
    ...{ route: 40_402, send: 50_001, receive: 50_001, ack: 50_001, "give back": 50_001 },
  };
  proxy.script = { code: (kind) => codes[kind] };
  await closesWithin(2_000, close);
  await assertSilent(proxy);
});

Deno.test("GrpcTransport closes while its proxy dies, at every moment of that", async () => {
  for (const ms of [0, 1, 5, 20]) {
    await using proxy = await ScriptedProxy.start();
    const clock = new HastyClock();
    const close = await occupied(proxy, clock);
    clock.pace(10);
    const closing = closesWithin(UNANSWERED_MS / 2, close);
    await pause(ms);
    proxy.stop();
    await closing;
    await proxy.listen();
    await assertSilent(proxy);
  }
});

Deno.test("GrpcTransport ends its start when it is closed, wherever that stands", async () => {
  for (const kind of ["route", "telemetry", "heartbeat", "receive", "send"]) {
    await using proxy = await ScriptedProxy.start({ silent: (one) => one === kind });
    const transport = grpc({ endpoints: proxy.endpoint, pollMs: 200 });
    const starting = transport.start({ clock: systemClock, random: Math.random, instance: Date.now() });
    const failed = failureOf(starting);
    await until(() => proxy.asked.includes(kind));
    await closesWithin(6_000, async () => {
      await transport.close();
      const failure = await failed;
      assert.deepEqual([failure.code, failure.outcome], ["unavailable", "not_sent"], `${kind}: ${failure}`);
    });
    proxy.script = {};
    await assertSilent(proxy);
  }
});

Deno.test("GrpcTransport ends a subscription that is not open yet when it is closed", async () => {
  await using proxy = await ScriptedProxy.start();
  const { transport } = await startGrpc({ endpoints: proxy.endpoint });
  proxy.script = { silent: (kind) => kind === "telemetry" };
  const before = proxy.count("telemetry");
  const joining = failureOf(transport.subscribe({ topic: "T", group: "rpc-T" }, new RecordingSink()));
  await until(() => proxy.count("telemetry") > before);
  await closesWithin(6_000, async () => {
    await transport.close();
    assert.equal((await joining).outcome, "not_sent");
  });
  await assertSilent(proxy);
});

Deno.test("a system closes with its calls under way while its proxy is dead", async () => {
  await using proxy = await ScriptedProxy.start();
  const contract = defineService("test.Shutdown", {
    wait: method<number, number>(),
    stuck: method<number, number>(),
  });
  const transport = () => grpc({ endpoints: proxy.endpoint, pollMs: 200 });
  const system = await createSystem({ name: "server", transport: transport() });
  const gate = Promise.withResolvers<number>();
  let running = 0;
  const handler = () => (running++, gate.promise);
  await system.serve(contract, { wait: handler, stuck: handler });
  const caller = await createClient({ name: "caller", transport: transport() });
  const client = caller.client(contract, { timeoutMs: 60_000 });
  const failures = [failureOf(client.wait(1)), failureOf(client.stuck(1))];
  await until(() => running === 2);
  proxy.stop();
  gate.resolve(1);
  await closesWithin(UNANSWERED_MS, () => caller.close());
  for (const failure of await Promise.all(failures)) assert.equal(failure.outcome, "sent_unknown");
  await closesWithin(UNANSWERED_MS + 6_000, () => system.close());
  await proxy.listen();
  await assertSilent(proxy);
});

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
