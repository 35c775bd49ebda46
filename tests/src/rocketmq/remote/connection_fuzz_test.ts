import assert from "node:assert/strict";
import fc from "fast-check";
import { systemClock } from "../../../../src/async/clock.ts";
import { TimerWheel } from "../../../../src/async/timer_wheel.ts";
import { Connection } from "../../../../src/rocketmq/remote/connection.ts";
import { RocketMqError } from "../../../../src/rocketmq/error.ts";
import type { Socket } from "../../../../src/rocketmq/remote/socket.ts";
import java from "./java_frames.json" with { type: "json" };

/** Fixed, so that a failure comes again; fast-check prints the path to it. */
const SEED = 20_261_121;
const MAX_FRAME_BYTES = 4_096;
const CALLS = 3;
const FRAMES: readonly Uint8Array[] = Object.values(java.frames)
  .flatMap(({ json, binary }) => [Uint8Array.fromHex(json), Uint8Array.fromHex(binary)]);

/** A server made of bytes: it sends chunks, whatever is asked, and closes. */
class ByteSocket implements Socket {
  readonly #chunks: Uint8Array[];
  written = 0;
  closed = false;

  constructor(chunks: readonly Uint8Array[]) {
    this.#chunks = [...chunks];
  }

  read(into: Uint8Array): Promise<number | null> {
    if (this.closed) return Promise.reject(new Error("the socket is closed"));
    const chunk = this.#chunks.shift();
    if (chunk === undefined) return Promise.resolve(null);
    into.set(chunk);
    return Promise.resolve(chunk.length);
  }

  write(bytes: Uint8Array): Promise<number> {
    this.written += bytes.length;
    return Promise.resolve(bytes.length);
  }

  close(): void {
    this.closed = true;
  }
}

/** One thing done to a frame: bytes changed, cut, doubled, or put in. */
const mutation = fc.record({
  kind: fc.constantFrom("flip", "cut", "insert", "length", "none"),
  at: fc.nat(2_000),
  bytes: fc.uint8Array({ minLength: 1, maxLength: 8 }),
});
const stream = fc.array(fc.tuple(fc.constantFrom(...FRAMES), fc.array(mutation, { maxLength: 3 })), {
  minLength: 1,
  maxLength: 6,
});

function mutate(
  frame: Uint8Array,
  { kind, at, bytes }: { kind: string; at: number; bytes: Uint8Array },
): Uint8Array {
  const place = at % (frame.length + 1);
  const changed = frame.slice();
  switch (kind) {
    case "flip":
      changed.set(bytes.subarray(0, frame.length - place), place);
      return changed;
    case "cut":
      return frame.slice(0, place);
    case "insert":
      return Uint8Array.from([...frame.subarray(0, place), ...bytes, ...frame.subarray(place)]);
    case "length":
      // One of the two length fields, where it hurts most.
      changed.set(bytes.subarray(0, Math.min(4, frame.length)), frame.length < 8 ? 0 : (at % 2) * 4);
      return changed;
    default:
      return frame;
  }
}

function chunked(bytes: Uint8Array, size: number): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.slice(at, at + size));
  return chunks;
}

/** Calls while the bytes come in; every call and the connection must come to their end. */
async function feed(bytes: Uint8Array, size: number): Promise<string> {
  const wheel = new TimerWheel(systemClock);
  const socket = new ByteSocket(chunked(bytes, size));
  const served: number[] = [];
  const connection = new Connection("fuzz:1", socket, {
    clock: systemClock,
    wheel,
    maxFrameBytes: MAX_FRAME_BYTES,
    onRequest: ({ code }) => {
      served.push(code);
      return code % 2 === 0 ? { code: 0 } : undefined;
    },
  });
  const calls = Array.from(
    { length: CALLS },
    () => connection.call({ code: 1, fields: {} }, { timeoutMs: 60_000 }),
  );
  const settled = await Promise.allSettled(calls);
  for (const outcome of settled) {
    if (outcome.status === "fulfilled") continue;
    assert.ok(outcome.reason instanceof RocketMqError);
    assert.match(outcome.reason.message, /^Connection to fuzz:1 (was closed by|sent what is no frame)/);
  }
  const broken = await connection.closed;
  assert.equal(broken?.kind, "unknown");
  assert.deepEqual([socket.closed, connection.open, connection.pendingCalls, wheel.size], [
    true,
    false,
    0,
    0,
  ]);
  // Answers to what it asked, and no more than that.
  assert.ok(socket.written <= (CALLS + served.length) * 256);
  wheel.close();
  return broken?.message ?? "";
}

Deno.test("Connection ends in order on whatever is made of frames", async () => {
  await fc.assert(
    fc.asyncProperty(stream, fc.integer({ min: 1, max: 600 }), async (frames, size) => {
      const parts = frames.map(([frame, mutations]) => mutations.reduce(mutate, frame));
      await feed(Uint8Array.from(parts.flatMap((part) => [...part])), size);
    }),
    { seed: SEED, numRuns: 500 },
  );
});

Deno.test("Connection holds no more memory than a frame may have, whatever lengths say", async () => {
  // The largest length that is let in, and never the bytes.
  const claim = new Uint8Array(8);
  new DataView(claim.buffer).setUint32(0, MAX_FRAME_BYTES - 4);
  assert.match(await feed(claim, 1), /was closed by the server/);
  for (const length of [0xffff_ffff, 0x8000_0000, MAX_FRAME_BYTES, 3, 0]) {
    new DataView(claim.buffer).setUint32(0, length);
    assert.match(await feed(claim, 3), /sent what is no frame.*: it must have 8 to 4096$/);
  }
});
