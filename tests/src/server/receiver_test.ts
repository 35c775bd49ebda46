import assert from "node:assert/strict";
import { createDeferred } from "../../../src/async/deferred.ts";
import { defineEntity, defineService } from "../../../src/contract/define.ts";
import { method } from "../../../src/contract/method.ts";
import { type Schema, type SchemaResult, type } from "../../../src/contract/schema.ts";
import type { Contract } from "../../../src/contract/types.ts";
import type { Request } from "../../../src/envelope/request.ts";
import type { RpcError } from "../../../src/errors/rpc_error.ts";
import { Receiver } from "../../../src/server/receiver.ts";
import { FakeDelivery, messageOf, requestOf } from "../../helpers/deliveries.ts";
import { ManualClock } from "../../helpers/manual_clock.ts";
import { broken, capitals, endless, schemaOf, slowCapitals } from "../../helpers/schemas.ts";
import { contract } from "../../helpers/service_fixture.ts";

const never = () => assert.fail("a timer was set");

/** What becomes of a request with five seconds left, of which the body is its id where nothing else is said. */
function receive(changes: Partial<Request> = {}, tag = "run", starts = 0) {
  return receiveAt(contract, changes, { tag, starts });
}

function receiveAt(
  served: Contract,
  changes: Partial<Request> = {},
  { tag = "run", starts = 0, clock = undefined as ManualClock | undefined, leftMs = 5_000 } = {},
) {
  const request = requestOf("c1", changes);
  const delivery = new FakeDelivery(messageOf(request, tag), { starts });
  const receiver = new Receiver(served, clock?.after.bind(clock) ?? never);
  return receiver.receive({ request, plain: undefined, index: 0 }, delivery, 4_000 + leftMs, 4_000);
}

/** A service whose one method checks its input so. */
function checking(input: Schema<string, string>) {
  return defineService("test.Service", { run: method({ input }) });
}

function bodyOf(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

Deno.test("Receiver turns a request into a call with its input and its method's promises", () => {
  const received = receive({ key: "not asked for" }, "again");
  assert.ok(received.kind === "call");
  const { method, settings, input, key, deadlineMs, attempt } = received.facts;
  assert.deepEqual([method, input, key, deadlineMs, attempt], ["again", "c1", undefined, 9_000, 1]);
  assert.equal(settings, contract.methods.again.settings);
  const empty = receive({ body: undefined, type: "other/type" });
  assert.ok(empty.kind === "call" && empty.facts.input === undefined);
});

Deno.test("Receiver counts attempts by marks and by re-sends, three at most", () => {
  const attempts = [[0, 1], [1, 1], [0, 2], [2, 2], [3, 1], [0, 9]].map(([starts, attempt]) => {
    const received = receive({ attempt: attempt ?? 1 }, "run", starts);
    return received.kind === "call" ? received.facts.attempt : undefined;
  });
  assert.deepEqual(attempts, [1, 2, 2, 3, 3, 3]);
});

Deno.test("Receiver refuses what no handler must see", () => {
  const refusals = [
    [receive({}, "nothing"), "unimplemented", /has no method "nothing"/],
    [receive({}, "toString"), "unimplemented", /has no method "toString"/],
    [receive({ type: "application/x-hessian2" }), "invalid_argument", /reads application\/json, not/],
    [receive({ body: Uint8Array.of(0x7b) }), "invalid_argument", /not JSON/],
  ] as const;
  for (const [received, code, message] of refusals) {
    assert.ok(received.kind === "refused");
    assert.deepEqual([received.error.code, received.error.outcome], [code, "rejected"]);
    assert.match(received.error.message, message);
  }
});

Deno.test("Receiver reads by the contract's codec", () => {
  const codec = {
    contentType: "text/plain",
    encode: () => assert.fail("encoded"),
    decode: (bytes: Uint8Array) => new TextDecoder().decode(bytes),
  };
  const plain = defineService("test.Service", { run: method<string>() }, { codec });
  const received = receiveAt(plain, { type: "text/plain" });
  assert.ok(received.kind === "call");
  assert.equal(received.facts.input, '"c1"');
  assert.equal(receiveAt(plain).kind, "refused");
});

Deno.test("Receiver counts a deadline from the store time, whatever the caller's clock says", () => {
  const request = requestOf("c1", { deadlineMs: 1, timeoutMs: 5_000 });
  const delivery = new FakeDelivery(messageOf(request), { storedAtMs: 10_000 });
  assert.equal(new Receiver(contract, never).deadline(request, delivery, 10_100), 15_100);
});

Deno.test("Receiver hands on what the input's schema parsed, and refuses what it refuses, naming the path", () => {
  const received = receiveAt(checking(capitals));
  assert.ok(received.kind === "call");
  assert.equal(received.facts.input, "C1");
  const unchecked = receiveAt(checking(type<string>()));
  assert.ok(unchecked.kind === "call" && unchecked.facts.input === "c1");
  for (
    const [schema, body] of [[capitals, bodyOf(7)], [capitals, undefined], [broken, bodyOf("a")]] as const
  ) {
    const refused = receiveAt(checking(schema), { body });
    assert.ok(refused.kind === "refused");
    assert.deepEqual([refused.error.code, refused.error.outcome], ["invalid_argument", "rejected"]);
    assert.match(
      refused.error.message,
      schema === broken ? /Out of order/ : /^input\.items\[0\]\.name: must be a text$/,
    );
  }
});

Deno.test("Receiver waits for a schema that takes its time, and completes the facts", async () => {
  const clock = new ManualClock();
  const received = receiveAt(checking(slowCapitals), {}, { clock });
  assert.ok(received.kind === "checking");
  assert.deepEqual([received.facts.input, received.facts.method], [undefined, "run"]);
  assert.equal(await received.checked, undefined);
  assert.deepEqual([received.facts.input, clock.timers], ["C1", 0]);
  const refused = receiveAt(checking(slowCapitals), { body: bodyOf(7) }, { clock });
  assert.ok(refused.kind === "checking");
  assert.deepEqual((await refused.checked)?.code, "invalid_argument");
});

Deno.test("Receiver gives a schema that takes too long up: at the deadline, at the latest after five seconds", async () => {
  for (
    const [leftMs, limitMs, code] of [[300, 300, "deadline_exceeded"], [Infinity, 5_000, "internal"]] as const
  ) {
    const clock = new ManualClock();
    const received = receiveAt(checking(endless), {}, { clock, leftMs });
    assert.ok(received.kind === "checking");
    let error: RpcError | undefined;
    void received.checked.then((found) => error = found);
    clock.advance(limitMs - 1);
    await Promise.resolve();
    assert.equal(error, undefined);
    clock.advance(1);
    error = await received.checked;
    assert.equal(error?.code, code);
  }
});

Deno.test("Receiver drops what a schema says after it was given up", async () => {
  const clock = new ManualClock();
  const { promise, resolve } = createDeferred<SchemaResult<string>>();
  const received = receiveAt(checking(schemaOf(() => promise)), {}, { clock, leftMs: 10 });
  assert.ok(received.kind === "checking");
  clock.advance(10);
  assert.equal((await received.checked)?.outcome, "expired");
  resolve({ value: "late" });
  await promise;
  assert.equal(received.facts.input, undefined);
});

const keyed = defineService("test.Service", {
  run: method<string, void, never, string>({ input: capitals, key: (input) => input.slice(0, 1) }),
  slow: method<string, void, never, string>({ input: slowCapitals, key: (input) => input }),
  odd: method<string>({
    key: () => {
      throw new Error("No key here");
    },
  }),
  empty: method<string>({ key: () => "" }),
});

Deno.test("Receiver takes a key from the parsed input, and compares the one that the caller states", async () => {
  for (const key of [undefined, "C"]) {
    const received = receiveAt(keyed, { key });
    assert.ok(received.kind === "call" && received.facts.key === "C", key);
  }
  const refused = receiveAt(keyed, { key: "c" });
  assert.ok(refused.kind === "refused" && refused.error.code === "invalid_argument");
  assert.match(refused.error.message, /'rpc-key' is not the key/);
  const clock = new ManualClock();
  for (const [key, code] of [["C1", undefined], ["c1", "invalid_argument"]] as const) {
    const later = receiveAt(keyed, { key }, { tag: "slow", clock });
    assert.ok(later.kind === "checking");
    assert.equal((await later.checked)?.code, code);
    if (code === undefined) assert.equal(later.facts.key, "C1");
  }
});

Deno.test("Receiver refuses an input that has no legal key", () => {
  for (const [tag, text] of [["odd", /No key here/], ["empty", /a text that is not empty/]] as const) {
    const refused = receiveAt(keyed, {}, { tag });
    assert.ok(refused.kind === "refused" && refused.error.code === "invalid_argument");
    assert.match(refused.error.message, text);
  }
});

Deno.test("Receiver takes an entity's key from the request, and refuses a call without a legal one", () => {
  const entity = defineEntity("test.Entity", { run: method<string>() });
  const received = receiveAt(entity, { key: "acc-1" });
  assert.ok(received.kind === "call" && received.facts.key === "acc-1");
  for (const [key, text] of [[undefined, /'rpc-key'/], ["ü".repeat(128), /at most 255 bytes/]] as const) {
    const refused = receiveAt(entity, { key });
    assert.ok(refused.kind === "refused" && refused.error.code === "invalid_argument");
    assert.match(refused.error.message, text);
  }
});
