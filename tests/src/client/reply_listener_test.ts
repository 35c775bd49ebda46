import assert from "node:assert/strict";
import { TimerWheel } from "../../../src/async/timer_wheel.ts";
import { Owners } from "../../../src/client/owners.ts";
import { PendingCalls } from "../../../src/client/pending.ts";
import { listenForReplies } from "../../../src/client/reply_listener.ts";
import { HEADER } from "../../../src/envelope/headers.ts";

import { type Reply, replyHeaders, writeReply } from "../../../src/envelope/reply.ts";
import { EVENTS } from "../../../src/log/events.ts";
import type { DirectMessage } from "../../../src/transport/transport.ts";
import { eventsOf, recordLogs } from "../../helpers/logs.ts";
import { ManualClock } from "../../helpers/manual_clock.ts";
import { packOf } from "../../helpers/packs.ts";

class Fixture {
  readonly pending = new PendingCalls(new TimerWheel(new ManualClock()));
  readonly replies: Reply[] = [];
  readonly owners = new Owners();
  readonly listen: (message: DirectMessage) => void = listenForReplies(this.pending, this.owners);

  constructor(...ids: readonly string[]) {
    for (const id of ids) {
      const replied = (reply: Reply) => this.replies.push(reply) > 0;
      const failed = () => assert.fail();
      this.pending.add({ id, replied, timedOut: failed, failed }, 1_000, undefined);
    }
  }
}

function ok(id: string, byte: number): Reply {
  return { id, ok: true, type: "application/json", body: Uint8Array.of(byte) };
}

function packed(...replies: readonly Reply[]): DirectMessage {
  const entries = replies.map((reply) => {
    const headers = new Map<string, string>();
    writeReply(reply, headers);
    return { headers, body: reply.ok ? reply.body ?? Uint8Array.of(32) : Uint8Array.of(32) };
  });
  return { headers: new Map([[HEADER.kind, "pack"]]), body: packOf(entries) };
}

Deno.test("listenForReplies settles a call by a reply that came alone, and many by a pack", () => {
  const at = new Fixture("c1", "c2", "c3");
  at.listen({ headers: replyHeaders(ok("c1", 1)), body: Uint8Array.of(1) });
  at.listen(packed(ok("c2", 2), ok("c3", 3)));
  assert.deepEqual(at.replies, [ok("c1", 1), ok("c2", 2), ok("c3", 3)]);
});

Deno.test("listenForReplies settles a call by a plain responder's answer", () => {
  const at = new Fixture("c1");
  const plain = { correlationId: "c1", ttlMs: 0 };
  at.listen({ headers: new Map([["stranger", "1"]]), body: Uint8Array.of(1), plain });
  assert.deepEqual(at.replies, [{ id: "c1", ok: true, type: "", body: Uint8Array.of(1) }]);
});

Deno.test("listenForReplies settles a call by a plain responder's error, which names no call of ours", () => {
  const at = new Fixture("c1");
  const plain = { correlationId: "c1", ttlMs: 0 };
  const headers = new Map([[HEADER.code, "not_found"], [HEADER.message, "no such account"], [
    HEADER.ran,
    "yes",
  ]]);
  at.listen({ headers, body: Uint8Array.of(1), plain });
  const [reply] = at.replies;
  assert(reply !== undefined && !reply.ok);
  const { code, message, outcome, callId } = reply.error;
  assert.deepEqual([code, message, outcome, callId], ["not_found", "no such account", "replied", "c1"]);
});

Deno.test("listenForReplies drops, counts and logs what is no reply of ours", async () => {
  const at = new Fixture("c1");
  const body = Uint8Array.of(1, 2, 3);
  const records = await recordLogs(() => {
    at.listen({ headers: new Map(), body });
    at.listen({ headers: new Map([[HEADER.kind, "pack"]]), body });
    at.listen({
      headers: new Map([[HEADER.kind, "pack"]]),
      body: packOf([{ headers: new Map(), body }]),
    });
    // Nothing that is no reply settles a call, whatever id it names.
    for (const kind of ["request", "oneway", "cancel", "x".repeat(1_000)]) {
      at.listen({ headers: new Map([[HEADER.kind, kind], [HEADER.id, "c1"]]), body });
    }
  });
  assert.deepEqual(eventsOf(records), Array(7).fill(EVENTS.caller.replyRefused));
  assert.deepEqual([at.pending.size, at.replies.length, at.pending.refusedReplies], [1, 0, 7]);
});

Deno.test("listenForReplies counts and logs late replies, and goes on with the pack", async () => {
  const at = new Fixture("c1");
  const records = await recordLogs(() => at.listen(packed(ok("gone", 0), ok("c1", 1))));
  assert.deepEqual(eventsOf(records), [EVENTS.caller.lateReply]);
  assert.equal(records[0]?.properties["callId"], "gone");
  assert.equal(at.pending.lateReplies, 1);
  assert.deepEqual(at.replies, [ok("c1", 1)]);
});
