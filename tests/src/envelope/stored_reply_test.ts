import assert from "node:assert/strict";
import { HEADER } from "../../../src/envelope/headers.ts";
import { type Reply, replyHeaders, writeReply } from "../../../src/envelope/reply.ts";
import { repliesStored, replyToMessage } from "../../../src/envelope/stored_reply.ts";
import { RpcError } from "../../../src/errors/rpc_error.ts";
import type { StoredReply } from "../../../src/transport/transport.ts";
import { packOf } from "../../helpers/packs.ts";

const OK: Reply = { id: "c1", ok: true, type: "application/json", body: Uint8Array.of(49) };
const HERE = "T/b/0/7";
const REFUSED = {
  id: "c1",
  ok: false,
  error: new RpcError("unavailable", "suspended"),
  ran: "no",
  origin: HERE,
} as const;

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

Deno.test("replyToMessage takes the newest reply that ended the call, whatever was refused before and after it", () => {
  const newer: Reply = { ...OK, body: Uint8Array.of(49) };
  assert.deepEqual(replyToMessage([alone(REFUSED), alone(OK), alone(REFUSED)], "c1", HERE), OK);
  assert.deepEqual(replyToMessage([pack({ ...OK, id: "c0" }, newer), alone(REFUSED)], "c1", HERE), newer);
  const cancelled: Reply = {
    id: "c1",
    ok: false,
    error: new RpcError("cancelled", "by its caller"),
    ran: "no",
  };
  const found = replyToMessage([alone(REFUSED), alone(cancelled)], "c1", HERE);
  assert.equal(found?.ok === false && found.error.code, "cancelled");
  assert.equal(replyToMessage([], "c1", HERE), undefined);
});

Deno.test("replyToMessage takes a refusal for the answer to the message that it refuses, and to no other", () => {
  const elsewhere: Reply = { ...REFUSED, origin: "T/b/0/8" };
  const found = replyToMessage(
    [alone(elsewhere), alone({ ...REFUSED, id: "c0" }), alone(REFUSED)],
    "c1",
    HERE,
  );
  assert.equal(found?.ok === false && found.origin, HERE);
  assert.equal(replyToMessage([alone(elsewhere)], "c1", HERE), undefined);
  const { origin: _, ...unknown } = REFUSED;
  assert.equal(replyToMessage([alone(unknown)], "c1", HERE), undefined, "one that does not say which");
});

Deno.test("replyToMessage passes over what cannot be read, and throws where there is nothing else", () => {
  const damaged = { headers: new Map([[HEADER.kind, "pack"]]), body: Uint8Array.of(1, 2, 3) };
  assert.deepEqual(replyToMessage([damaged, alone(OK)], "c1", HERE), OK);
  assert.throws(() => replyToMessage([damaged, alone(REFUSED)], "c1", HERE), RpcError);
});

Deno.test("repliesStored reads nothing out of what is no reply", () => {
  const headers = replyHeaders(OK);
  headers.set(HEADER.kind, "request");
  assert.deepEqual([...repliesStored({ headers, body: Uint8Array.of(49) })], []);
});
