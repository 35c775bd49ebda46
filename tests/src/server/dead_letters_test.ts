import assert from "node:assert/strict";
import { HEADER, unescapeHeader } from "../../../src/envelope/headers.ts";
import { readRequest } from "../../../src/envelope/request.ts";
import { RpcError } from "../../../src/errors/rpc_error.ts";
import { DeadLetters, letterOf } from "../../../src/server/dead_letters.ts";
import { REFUSED_PAUSE_MS } from "../../../src/server/defaults.ts";
import { FakeDelivery, messageOf, packOf, requestOf } from "../../helpers/deliveries.ts";
import { FakeTransport } from "../../helpers/fake_transport.ts";
import { ManualClock } from "../../helpers/manual_clock.ts";
import { turns } from "../../helpers/settled.ts";

class Fixture {
  readonly clock = new ManualClock();
  readonly transport = new FakeTransport();
  readonly letters = new DeadLetters(this.transport, this.clock, () => 0.5, "%DLQ%g");
  readonly delivery = new FakeDelivery(messageOf(requestOf("c1")), { offset: 7 });

  store(wanted: () => boolean = () => true): Promise<boolean> {
    const { headers, body } = this.delivery.message;
    const letter = { id: "c1", tag: "run", headers, body, delivery: this.delivery };
    return this.letters.store(letter, "Grund: ü", wanted);
  }
}

Deno.test("DeadLetters store the request as it came, with reason and origin", async () => {
  const at = new Fixture();
  assert.ok(await at.store());
  const [sent] = at.transport.sent;
  assert.deepEqual(
    [sent?.queue.topic, sent?.message.topic, sent?.message.tag, sent?.message.keys],
    ["%DLQ%g", "%DLQ%g", "run", ["c1"]],
  );
  const { message } = at.delivery;
  assert.deepEqual(sent?.message.body, message.body);
  for (const [name, value] of message.headers) assert.equal(sent?.message.headers.get(name), value);
  assert.equal(unescapeHeader(sent?.message.headers.get(HEADER.dead) ?? ""), "Grund: ü");
  assert.equal(sent?.message.headers.get(HEADER.origin), "test-Service/a/0/7");
  assert.equal(at.letters.stored, 1);
});

Deno.test("DeadLetters try until the request is stored", async () => {
  const at = new Fixture();
  let failures = 2;
  at.transport.onSend = () => failures-- > 0 ? Promise.reject(new Error("down")) : Promise.resolve();
  const stored = at.store();
  for (const ms of [0, 25, 50]) {
    at.clock.advance(ms);
    await turns();
  }
  assert.ok(await stored);
  assert.deepEqual([at.transport.sent.length, at.letters.stored, at.clock.timers], [3, 1, 0]);
});

Deno.test("DeadLetters ask again only now and then where the permission is missing, until it is granted", async () => {
  const at = new Fixture();
  let granted = false;
  const refusal = new RpcError("permission_denied", "The account has no permission", { outcome: "not_sent" });
  at.transport.onSend = () => granted ? Promise.resolve() : Promise.reject(refusal);
  const stored = at.store();
  await turns();
  at.clock.advance(REFUSED_PAUSE_MS);
  await turns();
  assert.equal(at.transport.sent.length, 1);
  granted = true;
  at.clock.advance(50);
  assert.ok(await stored);
  assert.deepEqual([at.transport.sent.length, at.letters.stored, at.clock.timers], [2, 1, 0]);
});

Deno.test("DeadLetters store a request without its headers where no message can carry them with the reason", async () => {
  const at = new Fixture();
  at.transport.onSend = ({ headers }) =>
    headers.has(HEADER.id)
      ? Promise.reject(new RpcError("invalid_argument", "Too many headers", { outcome: "not_sent" }))
      : Promise.resolve();
  assert.ok(await at.store());
  const [, letter] = at.transport.sent;
  assert.deepEqual([...letter?.message.headers.keys() ?? []], [HEADER.dead, HEADER.origin]);
  assert.deepEqual([letter?.message.keys, letter?.message.body], [["c1"], at.delivery.message.body]);
  assert.deepEqual([at.transport.sent.length, at.letters.stored, at.clock.timers], [2, 1, 0]);
});

Deno.test("DeadLetters stop when the request is another's to settle", async () => {
  const at = new Fixture();
  at.transport.onQueues = () => Promise.resolve([]);
  let wanted = true;
  const stored = at.store(() => wanted);
  await turns();
  wanted = false;
  at.clock.advance(25);
  assert.equal(await stored, false);
  assert.equal(at.letters.stored, 0);
});

Deno.test("DeadLetters close ends every try and leaves no timer", async () => {
  const at = new Fixture();
  at.transport.onSend = () => Promise.reject(new Error("down"));
  const stored = at.store();
  await turns();
  at.letters.close();
  assert.equal(await stored, false);
  assert.equal(at.clock.timers, 0);
  assert.equal(await at.store(), false);
});

Deno.test("letterOf takes a call out of its pack: alone, as it was", () => {
  const request = requestOf("c2", { attempt: 2, key: "acc-1" });
  const delivery = new FakeDelivery(packOf([requestOf("c1"), request]));
  const { id, tag, headers, body } = letterOf({ request, method: "run", delivery });
  assert.deepEqual([id, tag, body], ["c2", "run", request.body]);
  assert.deepEqual(readRequest(headers, headers, body ?? assert.fail()), request);
});
