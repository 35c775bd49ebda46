import assert from "node:assert/strict";
import type { RocketMqClient } from "../../../../src/rocketmq/client/client.ts";
import type { RequestReply } from "../../../../src/rocketmq/remote/command.ts";
import { routeAnswer } from "../../../fault/scripted_name_server.ts";
import { ScriptedPeer } from "../../../fault/scripted_peer.ts";
import { ShiftedClock } from "../../../helpers/shifted_clock.ts";
import { newClient } from "./client_fixture.ts";

/** Where a topic is: at one broker. */
function routeAt(name: string): RequestReply {
  return routeAnswer([{ name, address: "1.2.3.4:1", queues: 1 }]);
}

/** A name server whose answers a test can change, and count. */
async function withRoutes(
  use: (
    client: RocketMqClient,
    clock: ShiftedClock,
    server: { reply: RequestReply; asked: number },
  ) => Promise<void>,
): Promise<void> {
  const server = { reply: routeAt("a"), asked: 0 };
  await using peer = new ScriptedPeer((session) =>
    session.serve(() => {
      server.asked++;
      return server.reply;
    })
  );
  const clock = new ShiftedClock();
  // A slow machine is given time for thousands of them.
  await using client = newClient(peer.address, { clock, requestTimeoutMs: 60_000 });
  await use(client, clock, server);
}

Deno.test("RocketMqClient.route() shares one look-up and keeps its result", async () => {
  await withRoutes(async (client, _clock, server) => {
    const [first, second] = await Promise.all([client.route("T"), client.route("T")]);
    assert.equal(first, second);
    assert.equal(await client.route("T"), first);
    assert.equal(server.asked, 1);
    const abandoned = client.route("U", { signal: AbortSignal.abort(new Error("no")) });
    await assert.rejects(abandoned, { message: "no" });
  });
});

Deno.test("RocketMqClient.route() refreshes after 30 s, for the next to use, and at once when asked", async () => {
  await withRoutes(async (client, clock, server) => {
    const old = await client.route("T");
    server.reply = routeAt("b");
    clock.shiftMs += 29_000;
    assert.equal(await client.route("T"), old);
    assert.equal(server.asked, 1);
    clock.shiftMs += 2_000;
    assert.equal(await client.route("T"), old);
    const renewed = await client.route("T", { fresh: true });
    assert.ok(renewed.brokers.has("b"));
    assert.ok((await client.route("T")).brokers.has("b"));
    assert.equal(server.asked, 3);
  });
});

Deno.test("RocketMqClient.route() keeps a route whose refresh fails", async () => {
  await withRoutes(async (client, clock, server) => {
    const old = await client.route("T");
    server.reply = { code: 1, remark: "broken" };
    clock.shiftMs += 31_000;
    assert.equal(await client.route("T"), old);
    await assert.rejects(client.route("T", { fresh: true }), { responseCode: 1 });
    assert.equal(await client.route("T"), old);
    assert.equal(server.asked, 3);
  });
});

Deno.test("RocketMqClient.route() believes for a second that there is no such topic", async () => {
  await withRoutes(async (client, clock, server) => {
    server.reply = { code: 17, remark: "No topic route info" };
    const absent = { kind: "refused", responseCode: 17 };
    await assert.rejects(client.route("T"), absent);
    await assert.rejects(client.route("T"), absent);
    assert.equal(server.asked, 1);
    server.reply = routeAt("a");
    clock.shiftMs += 1_001;
    assert.equal((await client.route("T")).topic, "T");
    server.reply = { code: 17 };
    await assert.rejects(client.route("T", { fresh: true }), absent);
    await assert.rejects(client.route("T"), absent);
    assert.equal(server.asked, 3);
  });
});

Deno.test("RocketMqClient.route() keeps a known route for a minute when a name server has forgotten its topic", async () => {
  await withRoutes(async (client, clock, server) => {
    const known = await client.route("T");
    server.reply = { code: 17 };
    const used = async (asked: number) => {
      const route = await client.route("T");
      // The look-up runs in the background.
      while (server.asked < asked) await new Promise((resolve) => setTimeout(resolve, 1));
      await new Promise((resolve) => setTimeout(resolve, 1));
      return route;
    };
    clock.shiftMs += 30_000;
    assert.equal(await used(2), known);
    clock.shiftMs += 1_000;
    assert.equal(await used(3), known, "asked again a second later");
    clock.shiftMs += 60_000;
    assert.equal(await used(4), known);
    await assert.rejects(client.route("T"), { responseCode: 17 });
    server.reply = routeAt("b");
    clock.shiftMs += 1_000;
    assert.ok((await client.route("T")).brokers.has("b"));
    assert.equal(server.asked, 5);
  });
});

Deno.test("RocketMqClient.route() asks every name server before it says that there is no such topic", async () => {
  await using empty = new ScriptedPeer((session) => session.serve(() => ({ code: 17 })));
  await using full = new ScriptedPeer((session) => session.serve(() => routeAt("b")));
  await using client = newClient(`${empty.address};${full.address}`);
  assert.ok((await client.route("T")).brokers.has("b"));
});

Deno.test("RocketMqClient.route() waits for a look-up where what it knows is too old, and goes by it where that fails", async () => {
  await withRoutes(async (client, clock, server) => {
    const known = await client.route("T", { maxAgeMs: 1_000 });
    assert.equal(await client.route("T", { maxAgeMs: 1_000 }), known);
    assert.equal(server.asked, 1);
    server.reply = routeAt("b");
    clock.shiftMs += 2_000;
    const renewed = await client.route("T", { maxAgeMs: 1_000 });
    assert.ok(renewed.brokers.has("b"));
    for (const reply of [{ code: 17 }, { code: 1 }]) {
      server.reply = reply;
      clock.shiftMs += 2_000;
      assert.equal(await client.route("T", { maxAgeMs: 1_000 }), renewed);
    }
    assert.equal(server.asked, 4);
    await assert.rejects(client.route("U", { maxAgeMs: 1_000 }), { responseCode: 1 });
    const reason = new Error("no");
    const aborted = client.route("T", { maxAgeMs: 0, signal: AbortSignal.abort(reason) });
    await assert.rejects(aborted, (error) => error === reason);
  });
});

Deno.test("RocketMqClient.route() remembers 4,096 topics, and forgets those that it has known for longest", async () => {
  await withRoutes(async (client, _clock, server) => {
    const topics = Array.from({ length: 4_097 }, (_, index) => `T${index}`);
    await Promise.all(topics.map((topic) => client.route(topic)));
    assert.equal(server.asked, 4_097);
    await client.route("T1");
    assert.equal(server.asked, 4_097);
    await client.route("T0");
    assert.equal(server.asked, 4_098);
  });
});
