import assert from "node:assert/strict";
import { createDeferred } from "../../../../src/async/deferred.ts";
import type { RocketMqClient } from "../../../../src/rocketmq/client/client.ts";
import type { ConnectionEvent } from "../../../../src/rocketmq/client/peer.ts";
import { peerFrame, type Script, ScriptedPeer } from "../../../fault/scripted_peer.ts";
import { newClient, NOBODY } from "./client_fixture.ts";

const PING = { code: 28, fields: {} };
const ECHO: Script = (session) => session.serve(({ code }) => ({ code }));

/** Collects events and tells when there are enough. */
function recordEvents(client: RocketMqClient): (count: number) => Promise<ConnectionEvent[]> {
  const events: ConnectionEvent[] = [];
  let check = (): void => {};
  client.onConnection((event) => {
    events.push(event);
    check();
  });
  return async (count) => {
    const reached = createDeferred<void>();
    check = () => events.length >= count && reached.resolve();
    check();
    await reached.promise;
    return events;
  };
}

Deno.test("RocketMqClient connects on demand, once for all requests of an address", async () => {
  await using peer = new ScriptedPeer(ECHO);
  await using client = newClient(NOBODY);
  assert.equal(client.isConnected(peer.address), false);
  assert.equal(client.lastReceivedAt(peer.address), undefined);
  const answers = await Promise.all(
    [1, 2, 3].map((code) => client.request(peer.address, { code, fields: {} })),
  );
  assert.deepEqual(answers.map(({ code }) => code), [1, 2, 3]);
  assert.equal(peer.sessions.length, 1);
  assert.equal(client.isConnected(peer.address), true);
  assert.ok(client.lastReceivedAt(peer.address) !== undefined);
});

Deno.test("RocketMqClient sends one-way with and without a connection", async () => {
  const codes: number[] = [];
  const both = createDeferred<void>();
  await using peer = new ScriptedPeer((session) =>
    session.serve(({ code }) => {
      if (codes.push(code) === 2) both.resolve();
      return undefined;
    })
  );
  await using client = newClient(NOBODY);
  await client.oneway(peer.address, { code: 1, fields: {} });
  assert.equal(client.oneway(peer.address, { code: 2, fields: {} }), undefined);
  await both.promise;
  assert.deepEqual(codes, [1, 2]);
  await assert.rejects(async () => await client.oneway(NOBODY, PING), { kind: "not_sent" });
});

Deno.test("RocketMqClient fails requests at once when the connection is cut, and connects anew", async () => {
  await using peer = new ScriptedPeer(async (session) => {
    await session.answer(await session.next(), { code: 0 });
    await session.next();
    session.cut();
  });
  await using client = newClient(NOBODY, { requestTimeoutMs: 20_000 });
  const events = recordEvents(client);
  await client.request(peer.address, PING);
  await assert.rejects(client.request(peer.address, PING), { kind: "unknown", address: peer.address });
  assert.equal(client.isConnected(peer.address), false);
  assert.equal((await client.request(peer.address, PING)).code, 0);
  assert.deepEqual((await events(3)).map(({ state }) => state), ["connected", "lost", "connected"]);
  assert.equal((await events(3))[1]?.error?.kind, "unknown");
});

Deno.test("RocketMqClient.keep() connects and connects again, until release()", async () => {
  await using peer = new ScriptedPeer(ECHO);
  await using client = newClient(NOBODY);
  const events = recordEvents(client);
  client.keep(peer.address);
  await events(1);
  peer.sessions[0]?.cut();
  await events(3);
  peer.sessions[1]?.cut();
  await events(5);
  client.release(peer.address);
  assert.equal(client.isConnected(peer.address), true);
  peer.sessions[2]?.cut();
  await events(6);
  assert.equal((await client.request(peer.address, PING)).code, PING.code);
  assert.equal(peer.sessions.length, 4);
});

Deno.test("RocketMqClient tries an address in back-off at once for a request", async () => {
  const first = new ScriptedPeer(ECHO);
  const { address } = first;
  // Jitter at its upper end: 100, 200, 400 ms and so on.
  await using client = newClient(NOBODY, { random: () => 0.999, requestTimeoutMs: 20_000 });
  const events = recordEvents(client);
  client.keep(address);
  await events(1);
  await first.stop();
  await events(2);
  for (let tries = 0; tries < 20; tries++) {
    await assert.rejects(client.request(address, PING), { kind: "not_sent" });
  }
  await using _second = new ScriptedPeer(ECHO, Number(address.split(":")[1]));
  const start = performance.now();
  assert.equal((await client.request(address, PING)).code, PING.code);
  // By now its turn would come after 5 s.
  assert.ok(performance.now() - start < 4_500);
});

Deno.test("RocketMqClient answers a broker's request, and knows which broker asked", async () => {
  const answered = createDeferred<number>();
  await using peer = new ScriptedPeer(async (session) => {
    const request = await session.next();
    await session.answer(request, { code: 0 });
    await session.raw(peerFrame({ code: 40, flag: 0, opaque: 9 }));
    answered.resolve((await session.next()).code);
  });
  const asked: [string, number][] = [];
  await using client = newClient(NOBODY, {
    onRequest: (address, { code }) => {
      asked.push([address, code]);
      return { code: 77 };
    },
  });
  await client.request(peer.address, PING);
  assert.equal(await answered.promise, 77);
  assert.deepEqual(asked, [[peer.address, 40]]);
});

Deno.test("RocketMqClient.request() bounds connecting and answer together, and heeds its signal", async () => {
  await using peer = new ScriptedPeer((session) => session.serve(() => undefined));
  await using client = newClient(NOBODY);
  // Time enough to connect, whatever else the machine is doing.
  await assert.rejects(client.request(peer.address, PING, { timeoutMs: 2_000 }), { kind: "unknown" });
  const reason = new Error("Changed my mind");
  const controller = new AbortController();
  const request = client.request(peer.address, PING, { signal: controller.signal });
  controller.abort(reason);
  await assert.rejects(request, reason);
  await assert.rejects(client.request(NOBODY, PING, { signal: AbortSignal.abort(reason) }), reason);
  await assert.rejects(client.request("nowhere", PING), TypeError);
});

Deno.test("RocketMqClient.close() fails what is pending, twice without harm, and refuses what comes after", async () => {
  await using peer = new ScriptedPeer((session) => session.serve(() => undefined));
  const client = newClient(peer.address);
  const events = recordEvents(client);
  client.keep(peer.address);
  await events(1);
  const pending = [client.request(peer.address, PING), client.route("T"), client.request(NOBODY, PING)];
  await Promise.resolve();
  const [closed] = await Promise.all([Promise.allSettled(pending), client.close(), client.close()]);
  assert.deepEqual(closed.map(({ status }) => status), ["rejected", "rejected", "rejected"]);
  await client[Symbol.asyncDispose]();
  await assert.rejects(client.request(peer.address, PING), {
    kind: "not_sent",
    message: /the client is closed/,
  });
  await assert.rejects(client.route("T"), { kind: "not_sent", message: /the client is closed/ });
  assert.throws(() => client.keep(peer.address), { kind: "not_sent" });
  assert.throws(() => client.oneway(peer.address, PING), { kind: "not_sent" });
  assert.equal((await events(2))[1]?.error, undefined);
});

Deno.test("RocketMqClient refuses name servers and ids that make no sense", () => {
  assert.throws(() => newClient(" ; "), TypeError);
  assert.throws(() => newClient("a:1;b"), TypeError);
  assert.throws(() => newClient(NOBODY, { clientId: "" }), TypeError);
});

/** The connections of a peer that sends its clients away on each of the first ones. */
function sendsAway(connections: number): { readonly script: Script; readonly codes: number[][] } {
  const codes: number[][] = [];
  const script: Script = async (session) => {
    const seen: number[] = [];
    const number = codes.push(seen);
    for (;;) {
      const request = await session.next();
      seen.push(request.code);
      if (number > connections) await session.answer(request, { code: 0 });
      // Those before it are still dealt with.
      else if (request.code === 11) setTimeout(() => void session.answer(request, { code: 19 }), 50);
      else await session.answer(request, { code: 1500, remark: "please go away" });
    }
  };
  return { script, codes };
}

Deno.test("RocketMqClient that a server sends away asks once more over another connection, and waits for what is under way", async () => {
  const { script, codes } = sendsAway(1);
  await using peer = new ScriptedPeer(script);
  await using client = newClient(NOBODY);
  const eventsOf = recordEvents(client);
  const held = client.request(peer.address, { code: 11, fields: {} });
  await eventsOf(1);
  const requests = [1, 2].map((code) => client.request(peer.address, { code, fields: {} }));
  assert.deepEqual((await Promise.all(requests)).map(({ code }) => code), [0, 0]);
  assert.equal((await held).code, 19, "its answer comes over the first connection");
  const states = (await eventsOf(3)).map(({ state }) => state);
  assert.deepEqual(states, ["connected", "connected", "lost"]);
  assert.deepEqual(codes.map((seen) => new Set(seen)), [new Set([11, 1, 2]), new Set([1, 2])]);
  assert.equal(client.isConnected(peer.address), true);
});

Deno.test("RocketMqClient that is sent away twice, or can connect no more, says that the request was not sent", async () => {
  const { script, codes } = sendsAway(2);
  await using peer = new ScriptedPeer(script);
  await using client = newClient(NOBODY);
  await assert.rejects(client.request(peer.address, PING), { kind: "not_sent", message: /shutting down/ });
  assert.deepEqual(codes, [[28], [28]]);
  await using closing = new ScriptedPeer(async (session) => {
    const request = await session.next();
    void closing.stop();
    await session.answer(request, { code: 1500 });
  });
  await assert.rejects(client.request(closing.address, PING), { kind: "not_sent" });
});
