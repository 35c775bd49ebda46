import assert from "node:assert/strict";
import { laterOf, type Postponed } from "../../../src/server/later.ts";
import type { Capabilities } from "../../../src/transport/transport.ts";
import { FakeTransport } from "../../helpers/fake_transport.ts";

const CALL: Postponed = {
  oneway: false,
  keyed: false,
  idempotent: false,
  plain: false,
  packed: false,
  remainingMs: Infinity,
  minRemainingMs: 0,
};
const OFFSET: Capabilities = { ...new FakeTransport().capabilities, ownership: "offset", delayMs: 60_000 };
const PER_MESSAGE: Capabilities = { ...OFFSET, ownership: "perMessage" };

function kind(changes: Partial<Postponed>, afterMs: number, capabilities = OFFSET, attempt = 1): string {
  const later = laterOf({ ...CALL, ...changes }, { afterMs, attempt }, capabilities);
  return later.kind === "none" ? later.reason : later.kind;
}

Deno.test("laterOf keeps short waits in place, and stores longer ones again", () => {
  assert.deepEqual([0, 2_000, 2_001, 60_000].map((ms) => kind({}, ms)), [
    "in place",
    "in place",
    "sent again",
    "sent again",
  ]);
});

Deno.test("laterOf stores one-way calls again whatever the wait", () => {
  assert.deepEqual([0, 1_000, 5_000].map((ms) => kind({ oneway: true }, ms)), Array(3).fill("sent again"));
});

Deno.test("laterOf never stores calls with keys again, nor strangers' requests", () => {
  for (const changes of [{ keyed: true }, { plain: true }]) {
    for (const oneway of [false, true]) assert.equal(kind({ ...changes, oneway }, 5_000), "in place");
  }
});

Deno.test("laterOf keeps a call in place where the transport cannot hold it back for so long", () => {
  assert.equal(kind({}, 60_001), "in place");
  for (const oneway of [false, true]) {
    assert.equal(kind({ oneway }, 5_000, { ...OFFSET, delayMs: false }), "in place");
  }
  assert.equal(kind({ oneway: true }, 0, { ...OFFSET, delayMs: false }), "sent again");
});

Deno.test("laterOf ends where attempts are spent or no time is left", () => {
  assert.equal(kind({}, 0, OFFSET, 3), "attempts spent");
  assert.equal(kind({ remainingMs: 1_000 }, 999), "in place");
  assert.equal(kind({ remainingMs: 1_000 }, 1_000), "no time for another attempt");
  assert.equal(kind({ remainingMs: 1_000, minRemainingMs: 200 }, 799), "in place");
  assert.equal(kind({ remainingMs: 1_000, minRemainingMs: 200 }, 800), "no time for another attempt");
});

Deno.test("laterOf gives messages back where they are settled one by one, if they may be run twice", () => {
  assert.equal(kind({ idempotent: true }, 2_000, PER_MESSAGE), "in place");
  assert.equal(kind({ idempotent: true }, 5_000, PER_MESSAGE), "given back");
  assert.equal(kind({ idempotent: true, keyed: true }, 5_000, PER_MESSAGE), "given back");
  assert.equal(kind({ idempotent: true, packed: true }, 5_000, PER_MESSAGE), "sent again");
  assert.equal(kind({}, 5_000, PER_MESSAGE), "sent again");
  assert.equal(kind({ keyed: true }, 5_000, PER_MESSAGE), "in place");
});
