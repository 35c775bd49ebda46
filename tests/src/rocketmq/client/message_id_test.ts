import assert from "node:assert/strict";
import {
  createUniqueIds,
  offsetMessageId,
  parseOffsetMessageId,
} from "../../../../src/rocketmq/client/message_id.ts";

const ip = Uint8Array.of(127, 0, 0, 1);

Deno.test("offsetMessageId() gives the reference's example, and back", () => {
  const id = offsetMessageId({ ip, port: 10_911 }, 0x1234);
  assert.equal(id, "7F00000100002A9F0000000000001234");
  assert.deepEqual(parseOffsetMessageId(id), { address: "127.0.0.1:10911", commitLogOffset: 0x1234 });
});

Deno.test("offsetMessageId() takes IPv6", () => {
  const id = offsetMessageId({ ip: Uint8Array.of(0x20, 1, ...Array(14).fill(0)), port: 1 }, 2 ** 53 - 1);
  assert.equal(id, "20010000000000000000000000000000" + "00000001" + "001FFFFFFFFFFFFF");
  assert.deepEqual(parseOffsetMessageId(id), {
    address: "[2001:0:0:0:0:0:0:0]:1",
    commitLogOffset: 2 ** 53 - 1,
  });
});

Deno.test("parseOffsetMessageId() refuses what is none", () => {
  for (const id of ["", "0", "0", "7F00000100002A9F000000000000123", "0", "XX000001".repeat(4)]) {
    assert.throws(() => parseOffsetMessageId(id), TypeError);
  }
});

Deno.test("createUniqueIds() writes address, process, salt, time of the month and counter", () => {
  let now = new Date(2026, 10, 1, 0, 0, 1).getTime();
  const next = createUniqueIds({ ip, processId: 0x12345, salt: 0xcafe, clock: { now: () => now } });
  assert.equal(next(), "7F000001" + "2345" + "0000CAFE" + "000003E8" + "0001");
  assert.equal(next(), "7F000001" + "2345" + "0000CAFE" + "000003E8" + "0002");
  now = new Date(2026, 11, 1, 0, 0, 0).getTime() + 1;
  assert.equal(next().slice(20), "00000001" + "0003");
  now = new Date(2026, 10, 30, 0, 0, 0).getTime();
  assert.equal(parseInt(next().slice(20, 28), 16), now - new Date(2026, 10, 1).getTime());
});

Deno.test("createUniqueIds() makes no id twice", () => {
  const next = createUniqueIds({ ip, processId: 1, salt: 2 });
  assert.equal(new Set(Array.from({ length: 20_000 }, next)).size, 20_000);
  assert.throws(() => createUniqueIds({ ip: Uint8Array.of(1), processId: 1, salt: 2 }), RangeError);
});
