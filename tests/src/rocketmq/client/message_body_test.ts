import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { inflateSync, zstdDecompressSync } from "node:zlib";
import fc from "fast-check";
import { decompressLz4 } from "../../../../src/rocketmq/client/lz4_frame.ts";
import { compressBody, plainBody } from "../../../../src/rocketmq/client/message_body.ts";
import { RocketMqClient, sendMessage } from "../../../../src/rocketmq/mod.ts";
import { ScriptedPeer } from "../../../fault/scripted_peer.ts";
import java from "../remote/java_frames.json" with { type: "json" };

const BODY_BYTES = 200_000;
const SYS_FLAGS = { ZLIB: 0x301, ZSTD: 0x201, LZ4: 0x101 } as const;
const plain = inflateSync(Uint8Array.fromHex(java.bodies.ZLIB));

for (const [name, sysFlag] of Object.entries(SYS_FLAGS)) {
  const stored = Uint8Array.fromHex(java.bodies[name as keyof typeof SYS_FLAGS]);
  Deno.test(`plainBody() reads what Java's client compressed as ${name}`, () => {
    assert.ok(plain.equals(plainBody(stored, sysFlag)));
    assert.equal(plain.length, BODY_BYTES);
  });

  Deno.test(`plainBody() stops ${name} at its limit`, () => {
    assert.throws(() => plainBody(stored, sysFlag, BODY_BYTES - 1), {
      name: "RangeError",
      message: /^Cannot decompress the body: /,
    });
    assert.equal(plainBody(stored, sysFlag, BODY_BYTES).length, BODY_BYTES);
  });

  Deno.test(`plainBody() says when ${name} is damaged, and stays within its limit`, () => {
    fc.assert(
      fc.property(
        fc.nat(stored.length - 1),
        fc.integer({ min: 1, max: 255 }),
        fc.boolean(),
        (at, flip, cut) => {
          const bytes = cut ? stored.slice(0, at) : stored.slice();
          if (!cut) bytes[at] = (bytes[at] ?? 0) ^ flip;
          try {
            assert.ok(plainBody(bytes, sysFlag, BODY_BYTES).length <= BODY_BYTES);
          } catch (error) {
            assert.ok(error instanceof TypeError || error instanceof RangeError);
            assert.match(error.message, /^Cannot decompress the body: /);
          }
        },
      ),
      { numRuns: 200 },
    );
  });
}

Deno.test("decompressLz4() reads frames with sizes, checksums and linked blocks, one after the other", () => {
  const block = [0x11, 0x61, 1, 0]; // "a", then five more of it: the window is what came before.
  const frame = Uint8Array.of(
    ...[0x04, 0x22, 0x4d, 0x18, 0x5c, 0x40, 9, 0, 0, 0, 0, 0, 0, 0, 0xff],
    ...[2, 0, 0, 0x80, 0x78, 0x79, 1, 2, 3, 4],
    ...[block.length, 0, 0, 0, ...block, 1, 2, 3, 4],
    ...[0, 0, 0, 0, 5, 6, 7, 8],
  );
  const skipped = Uint8Array.of(0x5f, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 9, 9);
  const text = Buffer.from(decompressLz4(Buffer.concat([frame, skipped, frame]), 100)).toString();
  assert.equal(text, "xyaaaaaa".repeat(2));
});

Deno.test("decompressLz4() refuses what is no frame, and matches from nowhere", () => {
  const head = [0x04, 0x22, 0x4d, 0x18];
  const wrong: readonly (readonly [number[], RegExp])[] = [
    [[], /no LZ4 frame/],
    [[1, 2, 3, 4], /no LZ4 frame/],
    [[...head, 0x80, 0x40, 0], /unknown version/],
    [[...head, 0x61, 0x40, 0, 0, 0, 0, 0], /dictionary/],
    [[...head, 0x60, 0x40, 0, 4, 0, 0, 0, 0x11, 0x61, 2, 0], /reaches back 2 of 1 bytes/],
    [[...head, 0x60, 0x40, 0, 4, 0, 0, 0, 0x11, 0x61, 0, 0], /reaches back 0/],
    [[...head, 0x60, 0x40, 0, 2, 0, 0, 0, 0xf0, 0xff], /ends inside a length/],
    [[...head, 0x60, 0x40, 0, 9, 0, 0, 0, 0x10], /ends at/],
  ];
  for (const [bytes, message] of wrong) {
    assert.throws(() => decompressLz4(Uint8Array.from(bytes), 100), { message });
  }
});

Deno.test("compressBody() leaves alone what gets no smaller", () => {
  const noise = crypto.getRandomValues(new Uint8Array(1_000));
  assert.deepEqual(compressBody(noise, "zlib"), { body: noise, sysFlag: 0 });
  const zstd = compressBody(plain, "zstd");
  assert.ok(plain.equals(zstdDecompressSync(zstd.body)));
  assert.deepEqual([zstd.sysFlag, compressBody(plain, "zlib").sysFlag], [SYS_FLAGS.ZSTD, SYS_FLAGS.ZLIB]);
});

Deno.test("sendMessage() sends a compressed body with the mark that it is", async () => {
  await using peer = new ScriptedPeer(async (session) => {
    const request = await session.next();
    const sysFlag = Number(request.fields["f"]);
    assert.ok(request.body.length < plain.length && plain.equals(plainBody(request.body, sysFlag)));
    assert.equal(sysFlag, SYS_FLAGS.ZLIB | 4);
    await session.answer(request, { code: 0, fields: { queueId: "0", queueOffset: "1" } });
  });
  await using client = new RocketMqClient({ nameServers: peer.address, clientId: "c" });
  const message = { topic: "T", brokerName: "b", queueId: 0, properties: [], producerGroup: "p" };
  const sent = await sendMessage(client, peer.address, {
    ...message,
    body: plain,
    sysFlag: 4,
    compression: "zlib",
  });
  assert.equal(sent.queueOffset, 1);
});
