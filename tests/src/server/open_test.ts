import assert from "node:assert/strict";
import { HEADER } from "../../../src/envelope/headers.ts";
import { RpcError } from "../../../src/errors/rpc_error.ts";
import { openDelivery } from "../../../src/server/open.ts";
import type { Message } from "../../../src/transport/transport.ts";
import { FakeDelivery, messageOf, packOf, requestOf } from "../../helpers/deliveries.ts";

const TYPE = "application/json";

function open(message: Message) {
  return openDelivery(new FakeDelivery(message, { storedAtMs: 1_000 }), TYPE);
}

Deno.test("openDelivery finds one request, or all of a pack in order", () => {
  const [a, b] = [requestOf("a"), requestOf("b", { body: undefined })];
  assert.deepEqual(open(messageOf(a)), [{ request: a, plain: undefined, index: 0 }]);
  assert.deepEqual(open(packOf([a, b])).map(({ request }) => request), [a, b]);
});

Deno.test("openDelivery reads a plain request of a Java or Go client", () => {
  const plain = { correlationId: "c1", ttlMs: 3_000, replyTo: "there" };
  const headers = new Map([["h-tenant", "t1"], ["other", "x"]]);
  const body = Uint8Array.of(1);
  const [opened] = open({ topic: "t", tag: "run", keys: [], headers, body, plain });
  assert.deepEqual(opened?.request, {
    ...requestOf("c1"),
    deadlineMs: 4_000,
    timeoutMs: 3_000,
    replyTo: "there",
    from: undefined,
    userHeaders: new Map([["tenant", "t1"]]),
    body,
  });
  assert.equal(opened.plain, plain);
  const [without] = open({ topic: "t", tag: "run", keys: [], headers, body, plain: { ...plain, ttlMs: 0 } });
  assert.equal(without?.request.timeoutMs, 5_000);
});

Deno.test("openDelivery refuses what is no call, saying what is wrong", () => {
  const good = messageOf(requestOf("a"));
  const changed = (name: string, value: string | undefined): Message => {
    const headers = new Map(good.headers);
    if (value === undefined) headers.delete(name);
    else headers.set(name, value);
    return { ...good, headers };
  };
  const refusals: readonly [Message, RegExp][] = [
    [changed(HEADER.version, "2"), /envelope version "2"/],
    [changed(HEADER.kind, "two"), /kind "two"/],
    [changed(HEADER.kind, undefined), /kind null/],
    [changed(HEADER.kind, "pack"), /Cannot open the pack/],
    [changed(HEADER.timeout, undefined), /'rpc-timeout'/],
    [{ ...good, headers: new Map() }, /neither a call nor a plain request/],
    [
      { ...good, headers: new Map(), plain: { correlationId: "c", ttlMs: 1 } },
      /neither a call nor a plain request/,
    ],
  ];
  for (const [message, text] of refusals) {
    assert.throws(() => open(message), (error) => {
      assert.ok(error instanceof RpcError);
      assert.equal(error.code, "invalid_argument");
      assert.match(error.message, text);
      return true;
    });
  }
});
