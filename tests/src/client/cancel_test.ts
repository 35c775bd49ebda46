import assert from "node:assert/strict";
import { defineService } from "../../../src/contract/define.ts";
import { method } from "../../../src/contract/method.ts";
import { readCancel } from "../../../src/envelope/cancel.ts";
import { HEADER } from "../../../src/envelope/headers.ts";
import { EVENTS } from "../../../src/log/events.ts";
import type { Message } from "../../../src/transport/transport.ts";
import { CallerFixture, sendFailure } from "../../helpers/caller_fixture.ts";
import { eventsOf, recordLogs } from "../../helpers/logs.ts";
import { assertFails, turns } from "../../helpers/settled.ts";

const contract = defineService("test.Service", { run: method<unknown, unknown>() }, { slots: 1 });

class Fixture extends CallerFixture {
  readonly controller = new AbortController();

  start(instance?: string): Promise<unknown> {
    return this.call(contract, "run", 1, { signal: this.controller.signal }, { instance });
  }

  get cancels(): readonly (readonly unknown[])[] {
    const about = (where: string, { headers, tag, keys }: Omit<Message, "topic">) =>
      headers.get(HEADER.kind) === "cancel" ? [[where, readCancel(headers), tag, ...keys]] : [];
    const { sent, sentTo } = this.transport;
    return [
      ...sent.flatMap(({ message, queue }) => about(`queue ${queue.id}`, message)),
      ...sentTo.flatMap(({ address, message }) => about(address, message)),
    ];
  }
}

Deno.test("sendCancel() tells the owner of the queue where it is known", async () => {
  const at = new Fixture();
  const call = at.start();
  await turns();
  at.caller.owners.learn({ topic: "test-Service", broker: "a", id: 0 }, "fake:owner");
  at.controller.abort();
  const { callId } = await assertFails(call, "cancelled", "sent_unknown");
  assert.deepEqual(at.cancels, [["fake:owner", callId, "run"]]);
});

Deno.test("sendCancel() goes through the queue of the request where the owner is not known", async () => {
  const at = new Fixture();
  const call = at.start();
  await turns();
  at.caller.owners.learn({ topic: "test-Service", broker: "b", id: 0 }, "fake:another");
  at.controller.abort();
  const { callId } = await assertFails(call, "cancelled", "sent_unknown");
  assert.deepEqual(at.cancels, [["queue 0", callId, "run"]]);
  assert.equal(at.transport.sent[1]?.message.topic, "test-Service");
});

Deno.test("sendCancel() goes to the instance that was called", async () => {
  const at = new Fixture();
  const call = at.start("fake:other");
  await turns();
  at.controller.abort();
  const { callId } = await assertFails(call, "cancelled", "sent_unknown");
  assert.deepEqual(at.cancels, [["fake:other", callId, "run"]]);
});

Deno.test("sendCancel() is not asked about what no callee can have, nor when the caller closes", async () => {
  const at = new Fixture();
  const unsent = at.start();
  at.controller.abort();
  await assertFails(unsent, "cancelled", "not_sent");
  const other = new Fixture();
  const closed = other.start();
  await turns();
  other.caller.close("closed");
  await assertFails(closed, "cancelled", "sent_unknown");
  await turns();
  assert.deepEqual([at.cancels, other.cancels], [[], []]);
});

Deno.test("sendCancel() logs that it failed, and rejects nothing", async () => {
  const at = new Fixture();
  const records = await recordLogs(async () => {
    const call = at.start();
    await turns();
    at.transport.onSend = () => Promise.reject(sendFailure("not_sent"));
    at.controller.abort();
    await assertFails(call, "cancelled", "sent_unknown");
    await turns();
  });
  assert.deepEqual(eventsOf(records), [EVENTS.caller.cancelFailed]);
});
