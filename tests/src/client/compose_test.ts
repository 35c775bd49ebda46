/** What a call becomes: its input checked, its key, its time, and what the call around it hands down. */
import assert from "node:assert/strict";
import { createDeferred } from "../../../src/async/deferred.ts";
import { defineEntity, defineService } from "../../../src/contract/define.ts";
import { method } from "../../../src/contract/method.ts";
import type { Schema } from "../../../src/contract/schema.ts";
import { HEADER } from "../../../src/envelope/headers.ts";
import { RpcError } from "../../../src/errors/rpc_error.ts";
import { CallerFixture, scopeOf } from "../../helpers/caller_fixture.ts";
import { assertFails, turns } from "../../helpers/settled.ts";

function schema<T>(check: (value: unknown) => T | Promise<T>): Schema<unknown, T> {
  const validate = (value: unknown) => {
    const checked = check(value);
    return checked instanceof Promise ? checked.then((value) => ({ value })) : { value: checked };
  };
  return { "~standard": { version: 1, vendor: "test", validate } };
}

function even(value: unknown): string {
  if (typeof value !== "number" || value % 2 !== 0) throw new TypeError("It is not even");
  return `key-${value}`;
}

const contract = defineService("test.Service", {
  plain: method<unknown, unknown>(),
  parsed: method<unknown, unknown, never, string>({ input: schema(even), key: (parsed) => parsed }),
  keyed: method<unknown, unknown>({ key: (input) => String(input) }),
  tell: method.oneway<unknown>(),
  late: method.oneway<unknown>({ timeoutMs: 90_000 }),
});
const Account = defineEntity("test.Account", {
  get: method<unknown, unknown>(),
  tell: method.oneway<unknown>(),
});

class Fixture extends CallerFixture {
  /** Calls inside another call that has this much time left. */
  async nested(
    name: keyof typeof contract.methods,
    remainingMs: number,
    options = {},
    path: readonly string[] = ["test.Outer/run"],
  ): Promise<{ readonly call: Promise<unknown>; readonly controller: AbortController }> {
    const controller = new AbortController();
    const deadline = this.clock.now() + remainingMs;
    this.scope = scopeOf({ deadline, signal: controller.signal, path, trace: { traceparent: "00-1-2-01" } });
    const call = this.call(contract, name, 1, options);
    this.scope = undefined;
    await turns();
    return { call, controller };
  }
}

Deno.test("Composer sends the input as it was passed, and takes the key from what the schema parsed", async () => {
  const at = new Fixture();
  void at.call(contract, "parsed", 4);
  void at.call(contract, "keyed", "k");
  void at.call(contract, "plain", 4);
  await turns();
  assert.deepEqual(
    at.sent.map(({ request }) => request.key).sort(),
    ["k", "key-4", undefined],
  );
  assert.deepEqual(at.inputs.toSorted(), [4, 4, "k"]);
  at.caller.close("over");
});

Deno.test("Composer refuses an input that its schema refuses, and a key that is none", async () => {
  const at = new Fixture();
  const wrong = await assertFails(at.call(contract, "parsed", 3), "invalid_argument", "not_sent");
  assert.match(wrong.message, /not even/);
  await assertFails(at.call(contract, "keyed", ""), "invalid_argument", "not_sent");
  await assertFails(at.call(contract, "keyed", "x".repeat(256)), "invalid_argument", "not_sent");
  const bad = defineService("test.Bad", {
    key: method<unknown, unknown>({
      key: () => {
        throw new RpcError("permission_denied", "Not yours", { outcome: "replied" });
      },
    }),
  });
  await assertFails(at.call(bad, "key", 1), "permission_denied", "not_sent");
  assert.deepEqual([at.sent, at.clean], [[], [0, 0, 0]]);
});

Deno.test("Composer lets a nested call live no longer than the call around it", async () => {
  const at = new Fixture();
  await at.nested("plain", 300);
  await at.nested("plain", 300, { timeoutMs: 100 });
  await at.nested("plain", Infinity);
  assert.deepEqual(at.sent.map(({ request }) => request.timeoutMs), [300, 100, 5_000]);
  const { call } = await at.nested("plain", 0);
  await assertFails(call, "deadline_exceeded", "not_sent");
  at.caller.close("over");
});

Deno.test("Composer hands down trace and path, and waits for no outcome beyond the deadline of a nested call", async () => {
  const at = new Fixture();
  const { call } = await at.nested("plain", 300);
  const request = at.sent[0]?.request;
  assert.deepEqual([request?.chain, request?.trace?.traceparent], [["test.Outer/run"], "00-1-2-01"]);
  at.clock.advance(320);
  await assertFails(call, "deadline_exceeded", "sent_unknown");
  assert.deepEqual(at.clean, [0, 0, 0]);
});

Deno.test("Composer gives a nested call up with the call around it", async () => {
  const at = new Fixture();
  const own = new AbortController();
  const around = await at.nested("plain", 300);
  const reason = new RpcError("unavailable", "The queue was handed over");
  around.controller.abort(reason);
  assert.equal((await assertFails(around.call, "cancelled", "sent_unknown")).cause, reason);
  const late = await at.nested("plain", 300);
  late.controller.abort(new RpcError("deadline_exceeded", "Late"));
  await assertFails(late.call, "deadline_exceeded", "sent_unknown");
  const both = await at.nested("plain", 300, { signal: own.signal });
  own.abort();
  await assertFails(both.call, "cancelled", "sent_unknown");
  const over = scopeOf({
    deadline: Infinity,
    signal: AbortSignal.abort(new RpcError("deadline_exceeded", "Late")),
  });
  await assertFails(at.call(contract, "plain", 1, {}, { scope: over }), "deadline_exceeded", "not_sent");
});

Deno.test("Composer takes the scope that a proxy was made for before the one around the code", async () => {
  const at = new Fixture();
  at.scope = scopeOf({ deadline: at.clock.now() + 100, path: ["test.Other/run"] });
  const scope = scopeOf({ deadline: at.clock.now() + 200, path: ["test.Mine/run"] });
  void at.call(contract, "plain", 1, {}, { scope });
  await turns();
  assert.deepEqual([at.sent[0]?.request.chain, at.sent[0]?.request.timeoutMs], [["test.Mine/run"], 200]);
  at.caller.close("over");
});

Deno.test("Composer refuses a call that would wait for an entity that waits for it, and names the path", async () => {
  const at = new Fixture();
  const path = ["test.Account@a", "test.Service/plain"];
  at.scope = scopeOf({ deadline: Infinity, path });
  const cycle = await assertFails(
    at.call(Account, "get", 1, { key: "a" }),
    "failed_precondition",
    "not_sent",
  );
  assert.match(
    cycle.message,
    /test\.Account@a -> test\.Service\/plain -> test\.Account@a would wait for itself/,
  );
  assert.equal(at.sent.length, 0);
  void at.call(Account, "get", 1, { key: "b" });
  void at.call(contract, "plain", 1);
  await turns();
  assert.deepEqual(at.sent.map(({ request }) => request.chain), [path, path]);
  at.caller.close("over");
});

Deno.test("Composer lets a one-way call begin a chain of its own: nobody waits for it", async () => {
  const at = new Fixture();
  at.scope = scopeOf({ deadline: Infinity, path: ["test.Account@a"] });
  await at.call(Account, "tell", 1, { key: "a" });
  assert.deepEqual(at.sent[0]?.request.chain, []);
});

Deno.test("Composer nests at most 32 calls in each other", async () => {
  const at = new Fixture();
  const path = Array.from({ length: 32 }, (_, depth) => `test.Level${depth}/run`);
  const { call } = await at.nested("plain", 300, {}, path);
  assert.equal(at.sent[0]?.request.chain.length, 32);
  at.answer(0, "done");
  assert.equal(await call, "done");
  const deeper = await at.nested("plain", 300, {}, [...path, "test.Level32/run"]);
  await assertFails(deeper.call, "failed_precondition", "not_sent");
});

Deno.test("Composer gives a one-way call a deadline only where somebody asked for one", async () => {
  const at = new Fixture();
  await at.nested("tell", 300);
  await at.nested("late", 300);
  await at.nested("tell", 300, { timeoutMs: 1_000 });
  assert.deepEqual(at.sent.map(({ request }) => request.timeoutMs), [Infinity, 90_000, 1_000]);
  assert.deepEqual(at.sent.map(({ request }) => request.replyTo), ["", "", ""]);
  assert.ok(!at.transport.sent[0]?.message.headers.has(HEADER.deadline));
});

Deno.test("Composer refuses headers that brokers would refuse, those of the call around included", async () => {
  const at = new Fixture();
  const path = Array.from({ length: 30 }, (_, depth) => `test.Account@${"ü".repeat(100)}${depth}`);
  const { call } = await at.nested("plain", 300, {}, path);
  const failure = await assertFails(call, "invalid_argument", "not_sent");
  assert.match(failure.message, /at most 12288 travel/);
});

Deno.test("Composer leaves baggage behind that is too large, rather than the call", async () => {
  const at = new Fixture();
  const trace = { traceparent: "00-1-2-01", tracestate: "a=b", baggage: "x".repeat(4_097) };
  void at.call(contract, "plain", 1, {}, { scope: scopeOf({ deadline: Infinity, trace }) });
  const small = { ...trace, baggage: "x=y" };
  void at.call(contract, "plain", 1, {}, { scope: scopeOf({ deadline: Infinity, trace: small }) }).catch(
    () => {},
  );
  await turns();
  const { baggage: _, ...rest } = trace;
  assert.deepEqual(
    at.sent.map(({ request }) => request.trace),
    [{ ...rest, baggage: undefined }, small],
  );
  at.caller.close("over");
});

Deno.test("Composer sends what the user passed at the time of the call, however long its check takes", async () => {
  const at = new Fixture();
  const check = createDeferred<unknown>();
  const slow = defineService("test.Slow", {
    run: method<unknown, unknown>({ input: schema(() => check.promise) }),
  });
  const input = { cents: 1 };
  const call = at.call(slow, "run", input);
  input.cents = 2;
  check.resolve(input);
  await turns();
  assert.deepEqual(at.inputs, [{ cents: 1 }]);
  at.answer(0, "done");
  assert.equal(await call, "done");
});
