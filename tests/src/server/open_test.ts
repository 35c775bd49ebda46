import assert from "node:assert/strict";
import { HEADER } from "../../../src/envelope/headers.ts";
import { RpcError } from "../../../src/errors/rpc_error.ts";
import { method } from "../../../src/contract/method.ts";
import { json } from "../../../src/codec/json.ts";
import { openDelivery, type Opened, Unreadable } from "../../../src/server/open.ts";
import type { Message } from "../../../src/transport/transport.ts";
import { FakeDelivery, messageOf, packOf, requestOf } from "../../helpers/deliveries.ts";

const contract = { codec: json, methods: { run: method(), slow: method({ timeoutMs: 60_000 }) } };

function open(message: Message) {
  return openDelivery(new FakeDelivery(message, { storedAtMs: 1_000 }), contract);
}

function readable(message: Message): readonly Opened[] {
  return open(message).map((one) => one instanceof Unreadable ? assert.fail(one.error.message) : one);
}

Deno.test("openDelivery finds one request, or all of a pack in order", () => {
  const [a, b] = [requestOf("a"), requestOf("b", { body: undefined })];
  assert.deepEqual(open(messageOf(a)), [{ request: a, plain: undefined, index: 0 }]);
  assert.deepEqual(readable(packOf([a, b])).map(({ request }) => request), [a, b]);
});

Deno.test("openDelivery reads a plain request of a Java or Go client", () => {
  const plain = { correlationId: "c1", ttlMs: 3_000, replyTo: "there" };
  const headers = new Map([["h-tenant", "t1"], ["other", "x"]]);
  const body = Uint8Array.of(1);
  const [opened] = readable({ topic: "t", tag: "run", keys: [], headers, body, plain });
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
  const endless = { ...plain, ttlMs: 0 };
  for (const [tag, timeoutMs] of [["run", 5_000], ["slow", 60_000], ["toString", 5_000]] as const) {
    const [without] = readable({ topic: "t", tag, keys: [], headers, body, plain: endless });
    assert.equal(without?.request.timeoutMs, timeoutMs, tag);
  }
});

Deno.test("openDelivery reads what a plain requester states by our headers", () => {
  const plain = { correlationId: "c1", ttlMs: 900_000, replyTo: "there" };
  const opened = (...headers: [string, string][]) => {
    const body = Uint8Array.of(1);
    return readable({ topic: "t", tag: "run", keys: [], headers: new Map(headers), body, plain })[0]?.request;
  };
  assert.equal(opened([HEADER.key, "Z%C3%BCrich"])?.key, "Zürich");
  assert.equal(opened([HEADER.idempotencyKey, "order 7"])?.idempotencyKey, "order 7");
  assert.equal(opened([HEADER.key, ""])?.key, undefined);
  // Their instrumentation uses the W3C's names too.
  const trace = { traceparent: "00-1-2-01", tracestate: "a=b", baggage: undefined };
  assert.deepEqual(opened(["traceparent", "00-1-2-01"], ["tracestate", "a=b"])?.trace, trace);
  assert.equal(opened([HEADER.timeout, "900"])?.timeoutMs, 900);
  assert.equal(opened([HEADER.timeout, "900"])?.deadlineMs, 1_900);
  for (const unreadable of ["", "0", "-1", "1e3", "1.5", "9".repeat(16)]) {
    assert.equal(opened([HEADER.timeout, unreadable])?.timeoutMs, 900_000, unreadable);
  }
});

Deno.test("openDelivery gives a plain request a day at most", () => {
  const plain = { correlationId: "c1", ttlMs: 1e12, replyTo: "there" };
  const [opened] = readable({
    ...{ topic: "t", tag: "run", keys: [], headers: new Map(), body: Uint8Array.of(1), plain },
  });
  assert.equal(opened?.request.timeoutMs, 86_400_000);
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

Deno.test("openDelivery finds what can be answered of a request whose headers are wrong, and spares its pack", () => {
  const wrong = messageOf(requestOf("a"));
  const headers = new Map([...wrong.headers, [HEADER.timeout, "soon"]]);
  const [alone] = open({ ...wrong, headers });
  assert.ok(alone instanceof Unreadable);
  assert.deepEqual([alone.id, alone.replyTo, alone.headers], ["a", "fake:caller", headers]);
  assert.match(alone.error.message, /'rpc-timeout': current value is "soon"/);

  const [first, second, third] = open(packOf([
    requestOf("a"),
    requestOf("b", { timeoutMs: Number.NaN }),
    requestOf("c"),
  ]));
  assert.ok(second instanceof Unreadable && !(first instanceof Unreadable) && !(third instanceof Unreadable));
  assert.deepEqual([first?.request.id, second.id, second.replyTo, third?.request.id], [
    "a",
    "b",
    "fake:caller",
    "c",
  ]);
  assert.equal(second.headers.get(HEADER.kind), "request", "alone it is no pack");
});

Deno.test("Unreadable tells nobody where nobody waits, or no call is named", () => {
  const error = new RpcError("invalid_argument", "Wrong");
  const at = (headers: [string, string][]) => new Unreadable(error, new Map(headers), Uint8Array.of(1));
  assert.equal(at([[HEADER.reply, "there"], [HEADER.kind, "oneway"]]).replyTo, undefined);
  assert.equal(at([[HEADER.reply, ""]]).replyTo, undefined);
  assert.equal(at([[HEADER.id, "a b"]]).id, undefined);
  assert.equal(at([[HEADER.id, "a"]]).id, "a");
});
