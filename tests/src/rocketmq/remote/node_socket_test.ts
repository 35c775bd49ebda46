import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { systemClock } from "../../../../src/async/clock.ts";
import { TimerWheel } from "../../../../src/async/timer_wheel.ts";
import { parseAddress } from "../../../../src/rocketmq/remote/address.ts";
import { Connection } from "../../../../src/rocketmq/remote/connection.ts";
import { openNodeSocket } from "../../../../src/rocketmq/remote/node_socket.ts";
import { ScriptedPeer } from "../../../fault/scripted_peer.ts";
import { echo, kinds, LONG, request } from "./bench.ts";

const NEVER = new AbortController().signal;

function open(address: string, signal = NEVER): ReturnType<typeof openNodeSocket> {
  const { host, port } = parseAddress(address);
  return openNodeSocket(host, port, signal);
}

Deno.test("openNodeSocket() carries calls of any size, many at once", async () => {
  await using peer = new ScriptedPeer(echo);
  const wheel = new TimerWheel(systemClock);
  const socket = await open(peer.address);
  const connection = new Connection(peer.address, socket, { clock: systemClock, wheel });
  const body = new Uint8Array(3 * 1024 * 1024).map((_, index) => index % 251);
  const large = await Promise.all([1, 2].map((code) => connection.call({ ...request(code), body }, LONG)));
  for (const answer of large) assert.ok(Buffer.from(answer.body).equals(body));
  const many = Array.from({ length: 300 }, (_, code) => connection.call(request(code), LONG));
  assert.deepEqual((await Promise.all(many)).map(({ code }) => code), many.map((_, code) => code));
  connection.close();
  assert.equal(await connection.closed, undefined);
  wheel.close();
});

Deno.test("openNodeSocket() tells when the peer closes, and fails what is pending", async () => {
  await using peer = new ScriptedPeer(async (session) => {
    await session.next();
    session.cut();
  });
  const wheel = new TimerWheel(systemClock);
  const connection = new Connection(peer.address, await open(peer.address), { clock: systemClock, wheel });
  assert.deepEqual(await kinds([connection.call(request(1), LONG)]), ["unknown"]);
  assert.ok(await connection.closed !== undefined);
  wheel.close();
});

Deno.test("openNodeSocket() ends a pending read when it is closed, and refuses what comes after", async () => {
  await using peer = new ScriptedPeer(() => {});
  const socket = await open(peer.address);
  const read = socket.read(new Uint8Array(8));
  socket.close();
  await assert.rejects(read, /the connection is closed/);
  await assert.rejects(socket.write(Uint8Array.of(1)), /the connection is closed/);
});

Deno.test("openNodeSocket() says why nobody answers", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  await assert.rejects(open(`127.0.0.1:${port}`), /ECONNREFUSED/);
  await assert.rejects(open(`localhost:${port}`), /ECONNREFUSED/);
});

Deno.test("openNodeSocket() heeds its signal while it connects, and not afterwards", async () => {
  await using peer = new ScriptedPeer(echo);
  await assert.rejects(open(peer.address, AbortSignal.abort()), /given up/);
  const later = new AbortController();
  const socket = await open(peer.address, later.signal);
  later.abort();
  assert.equal(await socket.write(Uint8Array.of(0)), 1);
  socket.close();
});

Deno.test("openNodeSocket() gives what came in parts as large as they are asked for", async () => {
  const sent = Uint8Array.from({ length: 1_000 }, (_, index) => index % 256);
  await using peer = new ScriptedPeer(async (session) => {
    await session.raw(sent);
    session.cut();
  });
  const socket = await open(peer.address);
  const received: number[] = [];
  const part = new Uint8Array(7);
  for (let count = await socket.read(part); count !== null; count = await socket.read(part)) {
    received.push(...part.subarray(0, count));
  }
  assert.deepEqual(Uint8Array.from(received), sent);
  socket.close();
});
