import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { systemClock } from "../../../../src/async/clock.ts";
import { TimerWheel } from "../../../../src/async/timer_wheel.ts";
import { connect } from "../../../../src/rocketmq/remote/connect.ts";
import { echo, kinds, LONG, request, withPeer } from "./bench.ts";

Deno.test("Connection refuses calls beyond its limits", async () => {
  await withPeer(async (session) => {
    const first = await session.next();
    await session.answer(first, { code: 0 });
  }, async ({ connection }) => {
    const first = connection.call(request(1), LONG);
    await assert.rejects(connection.call(request(2), LONG), {
      kind: "not_sent",
      message: /send fewer at a time/,
    });
    await first;
  }, { maxPendingCalls: 1 });
  await withPeer(echo, async ({ connection }) => {
    const first = connection.call({ ...request(1), body: new Uint8Array(100) }, LONG);
    assert.ok(connection.queuedBytes > 100);
    await assert.rejects(connection.call(request(2), LONG), {
      kind: "not_sent",
      message: /send less at a time/,
    });
    await first;
    assert.equal(connection.queuedBytes, 0);
  }, { maxQueuedBytes: 100 });
});

Deno.test("Connection knows as not sent what timed out behind a server that does not read", async () => {
  // The peer's session reads all the time; a bare listener that does not accept reads nothing.
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const wheel = new TimerWheel(systemClock);
  const connection = await connect(`127.0.0.1:${listener.addr.port}`, { clock: systemClock, wheel });
  const body = new Uint8Array(15 * 1024 * 1024);
  const stuck = connection.call({ ...request(10), body }, { timeoutMs: 300 });
  const alsoStuck = Promise.resolve().then(() => connection.call(request(11), { timeoutMs: 100 }));
  assert.deepEqual(await kinds([stuck, alsoStuck]), ["unknown", "not_sent"]);
  connection.close();
  await connection.closed;
  wheel.close();
});

Deno.test("Connection sends bodies of megabytes both ways", async () => {
  await withPeer(echo, async ({ connection }) => {
    const body = new Uint8Array(8 * 1024 * 1024).map((_, index) => index % 251);
    const calls = [1, 2, 3].map((code) => connection.call({ ...request(code), body }, LONG));
    for (const answer of await Promise.all(calls)) assert.ok(Buffer.from(answer.body).equals(body));
  });
});

Deno.test("Connection refuses a frame larger than servers take, and a timeout that is none", async () => {
  await withPeer(echo, async ({ connection }) => {
    const body = new Uint8Array(16 * 1024 * 1024);
    await assert.rejects(connection.call({ ...request(10), body }, LONG), {
      kind: "not_sent",
      message: /16777216/,
    });
    await assert.rejects(connection.call(request(10), { timeoutMs: NaN }), RangeError);
    await assert.rejects(connection.call(request(10), { timeoutMs: 0 }), { kind: "not_sent" });
    assert.equal((await connection.call(request(10), LONG)).code, 10);
  });
});
