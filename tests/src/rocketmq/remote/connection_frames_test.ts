import assert from "node:assert/strict";
import type { Command } from "../../../../src/rocketmq/remote/command.ts";
import { encodeFrame } from "../../../../src/rocketmq/remote/frame.ts";
import { peerFrame } from "../../../fault/scripted_peer.ts";
import { echo, kinds, LONG, request, withPeer } from "./bench.ts";

const BODY = new Uint8Array(300).fill(7);

/** Serialize type of a frame as it came: the first byte after its length. */
function serializeType(received: readonly number[]): number | undefined {
  return received[4];
}

Deno.test("Connection takes answers that come a byte at a time", async () => {
  await withPeer(async (session) => {
    for (let count = 0; count < 2; count++) {
      const { opaque, code } = await session.next();
      const frame = count === 0
        ? peerFrame({ code, flag: 1, opaque }, BODY)
        : encodeFrame({ code, flag: 1, opaque, fields: { a: "1" }, body: BODY });
      for (let at = 0; at < frame.length; at++) await session.raw(frame.subarray(at, at + 1));
    }
  }, async ({ connection }) => {
    for (const code of [5, 6]) {
      const answer = await connection.call(request(code), LONG);
      assert.deepEqual([answer.code, answer.body], [code, BODY]);
    }
  });
});

Deno.test("Connection lets a call time out behind half a frame, and matches the rest to nobody", async () => {
  let release = (): void => {};
  const halfway = new Promise<void>((resolve) => release = resolve);
  await withPeer(async (session) => {
    const late = await session.next();
    const frame = peerFrame({ code: 1, flag: 1, opaque: late.opaque }, BODY);
    await session.raw(frame.subarray(0, 200));
    await halfway;
    await session.raw(frame.subarray(200));
    await session.answer(await session.next(), { code: 2 });
  }, async ({ connection }) => {
    assert.deepEqual(await kinds([connection.call(request(1), { timeoutMs: 30 })]), ["unknown"]);
    release();
    assert.equal((await connection.call(request(2), LONG)).code, 2);
    assert.equal(connection.droppedAnswers, 1);
  });
});

Deno.test("Connection knows what a cut left half received as unknown, and what was not sent as not sent", async () => {
  await withPeer(async (session) => {
    const { opaque } = await session.next();
    await session.raw(peerFrame({ code: 1, flag: 1, opaque }, BODY).subarray(0, 6));
    session.cut();
  }, async ({ connection }) => {
    assert.deepEqual(await kinds([connection.call(request(1), LONG), connection.call(request(2), LONG)]), [
      "unknown",
      "unknown",
    ]);
    assert.deepEqual(await kinds([connection.call(request(3), LONG)]), ["not_sent"]);
  });
});

for (const serialization of ["binary", "json"] as const) {
  Deno.test(`Connection writes ${serialization} headers, and takes both`, async () => {
    const answered: Command[] = [];
    await withPeer(async (session) => {
      const { opaque, code } = await session.next();
      await session.raw(peerFrame({ code, flag: 1, opaque }));
      const second = await session.next();
      await session.raw(encodeFrame({ code, flag: 1, opaque: second.opaque, fields: {} }));
      // The server's own requests, in either.
      await session.ask({ code: 40, opaque: 1 });
      await session.raw(encodeFrame({ code: 326, flag: 0, opaque: 2, fields: {} }));
      answered.push(await session.next(), await session.next());
      await session.answer(await session.next(), { code: 0 });
    }, async ({ connection, peer }) => {
      for (const code of [7, 7]) assert.equal((await connection.call(request(code), LONG)).code, 7);
      await connection.call(request(8), LONG);
      assert.deepEqual(answered.map(({ code, flag, opaque }) => [code, flag, opaque]), [[0, 1, 1], [
        3,
        1,
        2,
      ]]);
      assert.equal(serializeType(peer.sessions[0]?.received ?? []), serialization === "binary" ? 1 : 0);
    }, { serialization, onRequest: ({ code }) => code === 40 ? { code: 0 } : undefined });
  });
}

Deno.test("Connection keeps thousands of calls apart while the server asks, too", async () => {
  const asked: number[] = [];
  await withPeer(async (session) => {
    for (let opaque = 0; opaque < 100; opaque++) await session.ask({ code: 40, opaque, flag: 2 });
    await echo(session);
  }, async ({ connection }) => {
    // Beyond all codes that mean something to a connection.
    const sent = Array.from({ length: 5_000 }, (_, index) => 10_000 + index);
    const answers = await Promise.all(sent.map((code) => connection.call(request(code), LONG)));
    assert.deepEqual(answers.map(({ code }) => code), sent);
    assert.equal(asked.length, 100);
  }, { onRequest: ({ opaque }) => (asked.push(opaque), { code: 0 }) });
});
