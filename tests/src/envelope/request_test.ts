import assert from "node:assert/strict";
import fc from "fast-check";
import { travelling } from "../../../src/envelope/body.ts";
import { HEADER } from "../../../src/envelope/headers.ts";
import {
  readRequest,
  type Request,
  requestHeaders,
  writeOwn,
  writeShared,
} from "../../../src/envelope/request.ts";
import { RpcError } from "../../../src/errors/rpc_error.ts";

const text = fc.string({ unit: "binary", minLength: 1, maxLength: 30 }).map((value) => value.toWellFormed());
const optionalText = fc.option(text, { nil: undefined });

const anyRequest: fc.Arbitrary<Request> = fc.record({
  id: fc.stringMatching(/^[A-Za-z0-9_.:-]{1,64}$/),
  kind: fc.constantFrom("request", "oneway"),
  attempt: fc.integer({ min: 1, max: 3 }),
  started: fc.constantFrom(true, undefined),
  deadlineMs: fc.nat(2 ** 45),
  timeoutMs: fc.integer({ min: 1, max: 86_400_000 }),
  endless: fc.boolean(),
  key: optionalText,
  plan: fc.constant(undefined),
  chain: fc.array(text, { maxLength: 4 }),
  trace: fc.option(
    fc.record({ traceparent: text, tracestate: optionalText, baggage: optionalText, earlier: text }, {
      noNullPrototype: true,
      requiredKeys: ["traceparent", "tracestate", "baggage"],
    }),
    { nil: undefined },
  ),
  type: fc.constantFrom("application/json", "application/msgpack"),
  replyTo: fc.stringMatching(/^[!-~]{1,40}$/),
  idempotencyKey: optionalText,
  from: optionalText,
  userHeaders: fc.dictionary(fc.stringMatching(/^[A-Za-z0-9_.-]{1,12}$/), text).map((headers) =>
    new Map(Object.entries(headers))
  ),
  body: fc.option(fc.uint8Array({ minLength: 1, maxLength: 40 }), { nil: undefined }),
}, { noNullPrototype: true }).map(({ endless, ...request }) => {
  if (request.kind === "request") return request;
  const limits = endless ? { deadlineMs: Infinity, timeoutMs: Infinity } : {};
  return { ...request, ...limits, replyTo: "" };
});

Deno.test("readRequest reads what requestHeaders wrote", () => {
  fc.assert(fc.property(anyRequest, (request) => {
    const headers = requestHeaders(request);
    assert.deepEqual(readRequest(headers, headers, travelling(request.body)), request);
  }));
});

Deno.test("readRequest reads a call of a pack from the pack's headers and its own", () => {
  fc.assert(fc.property(anyRequest, (request) => {
    const shared = new Map<string, string>();
    const own = new Map<string, string>();
    writeShared(request, shared);
    writeOwn(request, own);
    assert.deepEqual(readRequest(shared, own, travelling(request.body)), request);
  }));
});

Deno.test("readRequest reads the number of a queue plan, its own or its pack's, from 1 to 15 digits", () => {
  const shared = new Map<string, string>();
  const own = new Map<string, string>();
  const [request] = fc.sample(anyRequest, 1);
  assert.ok(request !== undefined);
  writeShared(request, shared);
  writeOwn(request, own);
  const read = () => readRequest(shared, own, travelling(request.body)).plan;
  assert.equal(read(), undefined);
  shared.set(HEADER.plan, "7");
  assert.equal(read(), 7);
  own.set(HEADER.plan, "999999999999999");
  assert.equal(read(), 999_999_999_999_999);
  for (const value of ["", "0", "-1", "1.5", "0x1", "1e3", "1000000000000000", " 1"]) {
    own.set(HEADER.plan, value);
    assert.throws(read, { code: "invalid_argument", outcome: "rejected", message: /'rpc-plan'/ }, value);
  }
});

Deno.test("requestHeaders are printable ASCII without an empty value", () => {
  fc.assert(fc.property(anyRequest, (request) => {
    for (const [name, value] of requestHeaders(request)) assert.match(name + value, /^[\x20-\x7e]+$/);
    for (const value of requestHeaders(request).values()) assert.notEqual(value, "");
  }));
});

Deno.test("readRequest names the header that is missing or malformed", () => {
  const good = requestHeaders({
    id: "c1",
    kind: "request",
    key: undefined,
    chain: [],
    trace: undefined,
    attempt: 2,
    deadlineMs: 5,
    timeoutMs: 5,
    type: "application/json",
    replyTo: "there",
    idempotencyKey: undefined,
    from: undefined,
    userHeaders: new Map(),
    body: undefined,
  });
  const wrong: readonly [string, string | undefined][] = [
    [HEADER.id, undefined],
    [HEADER.id, ""],
    [HEADER.id, "a b"],
    [HEADER.id, "x".repeat(65)],
    [HEADER.timeout, undefined],
    [HEADER.timeout, "-1"],
    [HEADER.timeout, "1e3"],
    [HEADER.timeout, "9".repeat(16)],
    [HEADER.deadline, "soon"],
    [HEADER.attempt, "two"],
    [HEADER.reply, undefined],
    [HEADER.type, undefined],
  ];
  for (const [name, value] of wrong) {
    const headers = new Map(good);
    if (value === undefined) headers.delete(name);
    else headers.set(name, value);
    assert.throws(
      () => readRequest(headers, headers, Uint8Array.of(32)),
      (error) =>
        error instanceof RpcError && error.code === "invalid_argument" && error.outcome === "rejected" &&
        error.message.includes(`'${name}'`) && error.message.length < 200,
      `${name}=${value}`,
    );
  }
});

Deno.test("readRequest takes an empty optional header for a missing one, as brokers do", () => {
  const request = readRequest(...emptied());
  assert.deepEqual([request.key, request.idempotencyKey, request.from, request.trace, request.chain], [
    undefined,
    undefined,
    undefined,
    undefined,
    [],
  ]);
});

function emptied(): [Map<string, string>, Map<string, string>, Uint8Array] {
  const headers = new Map([
    [HEADER.version, "1"],
    [HEADER.kind, "request"],
    [HEADER.id, "c1"],
    [HEADER.deadline, "5"],
    [HEADER.timeout, "5"],
    [HEADER.type, "application/json"],
    [HEADER.reply, "there"],
    ...[HEADER.key, HEADER.idempotencyKey, HEADER.from, HEADER.chain, "traceparent", "tracestate", "baggage"]
      .map((name): [string, string] => [name, ""]),
  ]);
  return [headers, headers, Uint8Array.of(1)];
}
