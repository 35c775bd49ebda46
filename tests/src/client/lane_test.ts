import assert from "node:assert/strict";
import { type KeyedOutgoing, type Lane, takeBatch } from "../../../src/client/lane.ts";
import type { Request } from "../../../src/envelope/request.ts";
import { requestOf } from "../../helpers/deliveries.ts";

interface Made {
  readonly method?: string;
  readonly stating?: Partial<Request>;
  readonly kib?: number;
  readonly paused?: boolean;
  readonly live?: boolean;
}

/** `a1` has key `a`. */
function outgoing(
  id: string,
  { method = "run", stating = {}, kib = 0, paused = false, live = true }: Made = {},
): KeyedOutgoing {
  return {
    request: requestOf(id, { body: new Uint8Array(kib * 1024), ...stating }),
    method,
    live,
    paused,
    key: id.slice(0, 1),
    slot: 0,
    slots: 1,
    queue: undefined,
    plan: 0,
    handOver: () => live,
    stored: () => assert.fail("nothing is sent here"),
    sendFailed: () => assert.fail("nothing is sent here"),
  };
}

function lane(...waiting: readonly KeyedOutgoing[]): Lane {
  return { queue: { topic: "t", broker: "a", id: 0 }, waiting: [...waiting], sending: false };
}

function ids(outgoing: readonly KeyedOutgoing[]): readonly string[] {
  return outgoing.map(({ request }) => request.id);
}

function taken(from: Lane, limit = 64): readonly [readonly string[], readonly string[]] {
  return [ids(takeBatch(from, limit)), ids(from.waiting)];
}

Deno.test("takeBatch() takes the first of one method, up to the limit", () => {
  const at = lane(outgoing("a1"), outgoing("b1"), outgoing("a2"));
  assert.deepEqual(taken(at, 2), [["a1", "b1"], ["a2"]]);
  assert.deepEqual(taken(at, 2), [["a2"], []]);
  assert.deepEqual(taken(at), [[], []]);
});

Deno.test("takeBatch() passes other methods over, and with them whatever follows under their keys", () => {
  const at = lane(
    outgoing("a1"),
    outgoing("b1", { method: "other" }),
    outgoing("b2"),
    outgoing("c1"),
    outgoing("a2", { method: "other" }),
    outgoing("a3"),
  );
  assert.deepEqual(taken(at), [["a1", "c1"], ["b1", "b2", "a2", "a3"]]);
  assert.deepEqual(taken(at), [["b1", "a2"], ["b2", "a3"]]);
  assert.deepEqual(taken(at), [["b2", "a3"], []]);
});

Deno.test("takeBatch() takes what states the same once for all: contracts of one name may differ in the rest", () => {
  const oneway = { stating: { kind: "oneway", replyTo: "" } } as const;
  const packed = { stating: { type: "application/msgpack" } };
  const at = lane(
    outgoing("a1"),
    outgoing("b1", oneway),
    outgoing("c1", packed),
    outgoing("d1"),
    outgoing("b2"),
  );
  assert.deepEqual(taken(at), [["a1", "d1"], ["b1", "c1", "b2"]]);
  assert.deepEqual(taken(at), [["b1"], ["c1", "b2"]]);
  assert.deepEqual(taken(at), [["c1"], ["b2"]]);
});

Deno.test("takeBatch() takes requests of one key only, where that is asked", () => {
  const at = lane(outgoing("a1"), outgoing("b1"), outgoing("a2"), outgoing("b2"));
  assert.deepEqual([ids(takeBatch(at, 64, true)), ids(at.waiting)], [["a1", "a2"], ["b1", "b2"]]);
});

Deno.test("takeBatch() lets nothing pass one of its key that is paused", () => {
  const at = lane(outgoing("a1", { paused: true }), outgoing("a2"), outgoing("b1"), outgoing("a3"));
  assert.deepEqual(taken(at), [["b1"], ["a1", "a2", "a3"]]);
  assert.deepEqual(taken(at), [[], ["a1", "a2", "a3"]]);
});

Deno.test("takeBatch() drops what is over, and lets nothing wait for it", () => {
  const at = lane(
    outgoing("a1", { paused: true, live: false }),
    outgoing("a2"),
    outgoing("b1", { method: "other", live: false }),
    outgoing("b2"),
  );
  assert.deepEqual(taken(at, 2), [["a2", "b2"], []]);
});

Deno.test("takeBatch() stays within 256 KiB, and keeps the order where it passes over what is too large", () => {
  const at = lane(
    outgoing("a1", { kib: 200 }),
    outgoing("b1", { kib: 100 }),
    outgoing("b2"),
    outgoing("c1", { kib: 56 }),
  );
  assert.deepEqual(taken(at), [["a1", "c1"], ["b1", "b2"]]);
  assert.deepEqual(taken(lane(outgoing("a1", { kib: 300 }), outgoing("b1"))), [["a1"], ["b1"]]);
});
