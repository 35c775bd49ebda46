import assert from "node:assert/strict";
import { mock } from "node:test";
import { createDeferred } from "../../../../src/async/deferred.ts";
import { RocketMqError } from "../../../../src/rocketmq/error.ts";
import type { Command } from "../../../../src/rocketmq/remote/command.ts";
import { peerFrame, type Session } from "../../../fault/scripted_peer.ts";
import { echo, kinds, LONG, request, withPeer } from "./bench.ts";

Deno.test("Connection matches answers that come in another order", async () => {
  await withPeer(async (session) => {
    const [first, second] = [await session.next(), await session.next()];
    await session.answer(second, { code: 0, fields: { to: "second" } });
    await session.answer(first, { code: 17, fields: { to: "first" }, remark: "No topic" });
  }, async ({ connection }) => {
    const [first, second] = await Promise.all([
      connection.call(request(10), LONG),
      connection.call(request(11), LONG),
    ]);
    assert.deepEqual([first?.fields, first?.code, first?.remark], [{ to: "first" }, 17, "No topic"]);
    assert.deepEqual([second?.fields, second?.code], [{ to: "second" }, 0]);
    assert.ok(connection.lastReceivedAt !== undefined);
  });
});

Deno.test("Connection sends the calls of one turn in at most two writes", async () => {
  await withPeer(echo, async ({ connection, peer }) => {
    await connection.call(request(1), LONG);
    const before = peer.sessions[0]?.chunks ?? 0;
    const calls = Array.from({ length: 64 }, (_, code) => connection.call(request(code), LONG));
    const codes = (await Promise.all(calls)).map(({ code }) => code);
    assert.deepEqual(codes, Array.from({ length: 64 }, (_, code) => code));
    assert.ok((peer.sessions[0]?.chunks ?? 0) - before <= 2);
  });
});

Deno.test("Connection fails all pending calls at once when it is cut", async () => {
  await withPeer(async (session) => {
    await session.next();
    await session.next();
    session.cut();
  }, async ({ connection }) => {
    const start = performance.now();
    const calls = [connection.call(request(310), LONG), connection.call(request(11), LONG)];
    assert.deepEqual(await kinds(calls), ["unknown", "unknown"]);
    assert.ok(performance.now() - start < 5_000);
    const error = await connection.closed;
    assert.equal(error?.kind, "unknown");
    assert.equal(connection.open, false);
    await assert.rejects(connection.call(request(1), LONG), {
      kind: "not_sent",
      message: /the connection is closed: it was closed by the server/,
    });
    assert.throws(() => connection.oneway(request(1)), { kind: "not_sent" });
  });
});

Deno.test("Connection names request, code and address in its errors", async () => {
  await withPeer(async (session) => {
    await session.answer(await session.next(), { code: 0 });
    await session.next();
    session.cut();
  }, async ({ connection, peer }) => {
    await connection.call(request(105), LONG);
    await assert.rejects(connection.call(request(310), LONG), {
      name: "RocketMqError",
      address: peer.address,
      message:
        `Connection to ${peer.address} was closed by the server before it answered request 310 SEND_MESSAGE_V2`,
    });
  });
});

Deno.test("Connection says what to look at when a server hangs up without a word", async () => {
  await withPeer(async (session) => {
    await session.next();
    session.cut();
  }, async ({ connection }) => {
    await assert.rejects(connection.call(request(310), LONG), {
      message: /has said nothing so far: see whether it is RocketMQ's, and wants TLS\) before it answered/,
    });
  });
});

const GARBAGE: Readonly<Record<string, Uint8Array>> = {
  "garbage": new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\n\r\n"),
  "an oversize frame": Uint8Array.of(0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0),
  "a frame that is no JSON": Uint8Array.of(0, 0, 0, 6, 0, 0, 0, 2, 0x7b, 0x7b),
};

for (const [what, bytes] of Object.entries(GARBAGE)) {
  Deno.test(`Connection closes and fails all calls as unknown on ${what}`, async () => {
    await withPeer(async (session) => {
      await session.next();
      await session.raw(bytes);
      await session.closed;
    }, async ({ connection }) => {
      assert.deepEqual(await kinds([connection.call(request(1), LONG), connection.call(request(2), LONG)]), [
        "unknown",
        "unknown",
      ]);
      assert.match((await connection.closed)?.message ?? "", /sent what is no frame/);
    });
  });
}

Deno.test("Connection fails a call whose answer stops halfway", async () => {
  await withPeer(async (session) => {
    const { opaque } = await session.next();
    await session.raw(peerFrame({ code: 0, flag: 1, opaque }, new Uint8Array(500)).subarray(0, 300));
    session.cut();
  }, async ({ connection }) => {
    assert.deepEqual(await kinds([connection.call(request(1), LONG)]), ["unknown"]);
  });
});

Deno.test("Connection drops and counts an answer that comes after the timeout", async () => {
  const release = createDeferred<void>();
  await withPeer(async (session) => {
    const late = await session.next();
    await release.promise;
    await session.answer(late, { code: 0 });
    await session.answer(await session.next(), { code: 42 });
  }, async ({ connection, peer }) => {
    await assert.rejects(connection.call(request(10), { timeoutMs: 30 }), {
      kind: "unknown",
      message: `No answer from ${peer.address} to request 10 SEND_MESSAGE within 30 ms`,
    });
    release.resolve();
    assert.equal((await connection.call(request(11), LONG)).code, 42);
    assert.equal(connection.droppedAnswers, 1);
  });
});

Deno.test("Connection rejects with the signal's reason and drops the answer", async () => {
  const arrived = createDeferred<Session>();
  await withPeer(async (session) => {
    const late = await session.next();
    arrived.resolve(session);
    const next = await session.next();
    await session.answer(late, { code: 1 });
    await session.answer(next, { code: 2 });
  }, async ({ connection }) => {
    const controller = new AbortController();
    const reason = new Error("No longer wanted");
    const call = connection.call(request(1), { ...LONG, signal: controller.signal });
    await arrived.promise;
    controller.abort(reason);
    await assert.rejects(call, reason);
    await assert.rejects(connection.call(request(1), { ...LONG, signal: controller.signal }), reason);
    assert.equal((await connection.call(request(2), LONG)).code, 2);
    assert.equal(connection.droppedAnswers, 1);
  });
});

Deno.test("Connection removes its listener from the signal on every way out", async () => {
  await withPeer(echo, async ({ connection }) => {
    const { signal } = new AbortController();
    const added = mock.method(signal, "addEventListener");
    const removed = mock.method(signal, "removeEventListener");
    const balanced = (count: number): void => {
      assert.deepEqual([added.mock.callCount(), removed.mock.callCount()], [count, count]);
    };
    await connection.call(request(1), { ...LONG, signal });
    balanced(1);
    const call = connection.call(request(1), { ...LONG, signal });
    connection.close();
    await assert.rejects(call, RocketMqError);
    balanced(2);
  });
});

Deno.test("Connection takes back what was aborted in the turn it was called", async () => {
  await withPeer(echo, async ({ connection }) => {
    const controller = new AbortController();
    const first = connection.call(request(1), { ...LONG, signal: controller.signal });
    const second = connection.call(request(2), LONG);
    controller.abort();
    await assert.rejects(first, { name: "AbortError" });
    assert.equal((await second).code, 2);
    await connection.call(request(3), LONG);
    assert.equal(connection.droppedAnswers, 0);
  });
});

Deno.test("Connection knows on close what was never handed to the socket", async () => {
  await withPeer(async (session) => void await session.next(), async ({ connection, peer }) => {
    const sent = connection.call(request(1), LONG);
    await peer.accepted(1);
    await Promise.resolve();
    const queued = connection.call(request(2), LONG);
    connection.close();
    assert.deepEqual(await kinds([sent, queued]), ["unknown", "not_sent"]);
    assert.equal(await connection.closed, undefined);
  });
});

Deno.test("Connection answers the server's requests at once, also with an opaque of its own calls", async () => {
  const answers = createDeferred<Command[]>();
  const seen: number[] = [];
  await withPeer(async (session) => {
    const { opaque } = await session.next();
    const ask = (code: number, flag = 0): Uint8Array =>
      peerFrame({ code, flag, opaque, fields: { id: "x" } });
    await session.raw(Uint8Array.from([...ask(326), ...ask(999), ...ask(40, 2), ...ask(307)]));
    answers.resolve([await session.next(), await session.next(), await session.next()]);
    await session.raw(peerFrame({ code: 0, flag: 1, opaque }));
  }, async ({ connection }) => {
    const call = connection.call(request(1), LONG);
    const [pushed, unknown, failed] = await answers.promise;
    assert.deepEqual([pushed?.code, pushed?.flag, pushed?.fields["got"]], [0, 1, "x"]);
    assert.deepEqual([unknown?.code, unknown?.flag], [3, 1]);
    assert.deepEqual([failed?.code, failed?.remark], [1, "broken handler"]);
    assert.deepEqual(seen, [326, 999, 40, 307]);
    assert.equal((await call).code, 0);
  }, {
    onRequest: ({ code, fields }) => {
      seen.push(code);
      if (code === 307) throw new Error("broken handler");
      return code === 326 || code === 40 ? { code: 0, fields: { got: fields["id"] ?? "" } } : undefined;
    },
  });
});
