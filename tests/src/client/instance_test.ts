import assert from "node:assert/strict";
import { defineEntity, defineService } from "../../../src/contract/define.ts";
import { method } from "../../../src/contract/method.ts";
import { json } from "../../../src/codec/json.ts";
import { HEADER } from "../../../src/envelope/headers.ts";
import { readRequest } from "../../../src/envelope/request.ts";
import { CallerFixture, sendFailure } from "../../helpers/caller_fixture.ts";
import { assertFails, turns } from "../../helpers/settled.ts";

const Health = defineService("rocket.Health", {
  ping: method<unknown, unknown>({ safe: true }),
  stop: method<unknown, unknown>(),
  tell: method.oneway<unknown>(),
  keyed: method<string, unknown>({ key: (input) => input }),
});
const Account = defineEntity("test.Account", { get: method<unknown, unknown>({ safe: true }) });
const AT = { instance: "fake:other" };

Deno.test("sendToInstance() sends past all queues to the instance, and says what is called", async () => {
  const at = new CallerFixture();
  const call = at.call(Health, "ping", { a: 1 }, {}, AT);
  await turns();
  const [sent] = at.transport.sentTo;
  assert.deepEqual([sent?.address, sent?.message.tag, at.transport.sent.length], ["fake:other", "ping", 0]);
  const headers = sent?.message.headers ?? new Map();
  assert.equal(headers.get(HEADER.target), "rocket.Health/ping");
  const request = readRequest(headers, headers, sent?.message.body ?? Uint8Array.of());
  // What a broker finds under the id of a call is its request in a queue, and its reply.
  assert.deepEqual([request.replyTo, sent?.message.keys], ["fake:me", []]);
  assert.deepEqual(json.decode(request.body ?? Uint8Array.of()), { a: 1 });
  assert.equal(at.transport.looks, 0, "whether somebody serves it does not matter");
  at.caller.pending.reply({ id: request.id, ok: true, type: json.contentType, body: json.encode("pong") });
  assert.equal(await call, "pong");
  assert.deepEqual(at.clean, [0, 0, 0]);
});

Deno.test("sendToInstance() takes keys along, which choose no queue here", async () => {
  const at = new CallerFixture();
  at.call(Health, "keyed", "k", {}, AT);
  at.call(Account, "get", 1, { key: "acc-1" }, AT);
  await turns();
  assert.deepEqual(
    at.transport.sentTo.map(({ message }) => message.headers.get(HEADER.key)),
    ["k", "acc-1"],
  );
  at.caller.close("over");
});

Deno.test("sendToInstance() fails the call as the send fails, or makes it again where that does no harm", async () => {
  const at = new CallerFixture();
  at.transport.onSendTo = () => Promise.reject(sendFailure("sent_unknown"));
  await assertFails(at.call(Health, "stop", 1, {}, AT), "unavailable", "sent_unknown");
  const again = at.call(Health, "ping", 1, {}, AT);
  await turns();
  at.clock.advance(50);
  await turns();
  at.transport.onSendTo = () => Promise.resolve();
  at.clock.advance(100);
  await turns();
  const [, ...tries] = at.transport.sentTo;
  const id = tries[0]?.message.headers.get(HEADER.id) ?? "";
  assert.deepEqual(
    tries.map(({ address, message: { headers } }) => [
      address,
      headers.get(HEADER.id),
      headers.get(HEADER.attempt),
    ]),
    [undefined, "2", "3"].map((attempt) => ["fake:other", id, attempt]),
  );
  at.caller.pending.reply({ id, ok: true, type: "", body: undefined });
  assert.equal(await again, undefined);
});

Deno.test("sendToInstance() is asked for no one-way call, which nobody would store", async () => {
  const at = new CallerFixture();
  const failure = await assertFails(at.call(Health, "tell", 1, {}, AT), "invalid_argument", "not_sent");
  assert.match(failure.message, /"tell" at one instance: it is one-way/);
});

Deno.test("sendToInstance() sends nothing for a call that is over", async () => {
  const at = new CallerFixture();
  at.transport.onSendTo = () => Promise.reject(sendFailure("not_sent"));
  const controller = new AbortController();
  const call = at.call(Health, "ping", 1, { signal: controller.signal }, AT);
  await turns();
  controller.abort();
  await assertFails(call, "cancelled", "not_sent");
  at.clock.advance(1_000);
  await turns();
  assert.deepEqual([at.transport.sentTo.length, at.clean], [1, [0, 0, 0]]);
});
