import assert from "node:assert/strict";
import { HEADER } from "../../../src/envelope/headers.ts";
import { type Reply, replyHeaders, writeReply } from "../../../src/envelope/reply.ts";
import { lastReply, repliesStored } from "../../../src/envelope/stored_reply.ts";
import { RpcError } from "../../../src/errors/rpc_error.ts";
import type { StoredReply } from "../../../src/transport/transport.ts";
import { packOf } from "../../helpers/packs.ts";

const OK: Reply = { id: "c1", ok: true, type: "application/json", body: Uint8Array.of(49) };
const REFUSED: Reply = { id: "c1", ok: false, error: new RpcError("unavailable", "suspended"), ran: "no" };

function alone(reply: Reply): StoredReply {
  return { headers: replyHeaders(reply), body: Uint8Array.of(49) };
}

function pack(...replies: readonly Reply[]): StoredReply {
  const entries = replies.map((reply) => {
    const headers = new Map<string, string>();
    writeReply(reply, headers);
    return { headers, body: Uint8Array.of(49) };
  });
  return { headers: new Map([[HEADER.kind, "pack"]]), body: packOf(entries) };
}

Deno.test("lastReply takes the newest reply that ended the call, whatever refusals were stored before and after it", () => {
  const newer: Reply = { ...OK, body: Uint8Array.of(49) };
  assert.deepEqual(lastReply([alone(REFUSED), alone(OK), alone(REFUSED)], "c1"), OK);
  assert.deepEqual(lastReply([pack({ ...OK, id: "c0" }, newer), alone(REFUSED)], "c1"), newer);
  const later: Reply = { id: "c1", ok: false, error: new RpcError("cancelled", "by its caller"), ran: "no" };
  const refused = lastReply([alone(later), alone({ ...OK, id: "c0" }), alone(REFUSED)], "c1");
  assert.deepEqual(refused?.ok === false && refused.error.code, "cancelled");
  assert.equal(lastReply([], "c1"), undefined);
});

Deno.test("lastReply passes over what cannot be read, and throws where there is nothing else", () => {
  const damaged = { headers: new Map([[HEADER.kind, "pack"]]), body: Uint8Array.of(1, 2, 3) };
  assert.deepEqual(lastReply([damaged, alone(OK)], "c1"), OK);
  assert.throws(() => lastReply([damaged, alone(REFUSED)], "c1"), RpcError);
});

Deno.test("repliesStored reads nothing out of what is no reply", () => {
  const headers = replyHeaders(OK);
  headers.set(HEADER.kind, "request");
  assert.deepEqual([...repliesStored({ headers, body: Uint8Array.of(49) })], []);
});
