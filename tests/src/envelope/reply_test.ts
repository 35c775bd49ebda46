import assert from "node:assert/strict";
import fc from "fast-check";
import type { Ran } from "../../../src/call/inbound.ts";
import { travelling } from "../../../src/envelope/body.ts";
import { HEADER } from "../../../src/envelope/headers.ts";
import { readReply, type Reply, replyBody, replyHeaders } from "../../../src/envelope/reply.ts";
import { type Code, CODES } from "../../../src/errors/code.ts";
import type { Outcome } from "../../../src/errors/outcome.ts";
import { RpcError } from "../../../src/errors/rpc_error.ts";

function travel(reply: Reply): Reply | undefined {
  const headers = replyHeaders(reply);
  return readReply(headers, headers, travelling(replyBody(reply)));
}

Deno.test("readReply reads the output that replyHeaders announced, and no output as none", () => {
  fc.assert(fc.property(
    fc.option(fc.uint8Array({ minLength: 1 }), { nil: undefined }),
    (body) => {
      const reply: Reply = { id: "c1", ok: true, type: "application/json", body };
      assert.deepEqual(travel(reply), reply);
    },
  ));
});

Deno.test("readReply derives the outcome from whether the handler ran, for every code", () => {
  const expected = (ran: Ran, code: Code): Outcome => {
    if (ran === "no") return code === "deadline_exceeded" ? "expired" : "rejected";
    return ({ yes: "replied", lost: "executed_reply_lost", maybe: "sent_unknown" } as const)[ran];
  };
  for (const code of CODES) {
    for (const ran of ["no", "yes", "lost", "maybe"] as const) {
      // What the callee's error says of its own outcome must not travel.
      const error = new RpcError(code, "Größe 100%", { outcome: "not_sent", cause: new Error("secret") });
      const reply = travel({ id: "c1", ok: false, error, ran });
      assert.ok(reply !== undefined && !reply.ok);
      assert.deepEqual(
        [reply.error.code, reply.error.message, reply.error.outcome, reply.error.callId, reply.error.cause],
        [code, "Größe 100%", expected(ran, code), "c1", undefined],
      );
    }
  }
});

Deno.test("readReply takes a code or a word of a later version for the worst", () => {
  const headers = new Map([[HEADER.id, "c1"], [HEADER.code, "on_fire"], [HEADER.ran, "twice"]]);
  const reply = readReply(headers, headers, Uint8Array.of(32));
  assert.ok(reply !== undefined && !reply.ok);
  assert.deepEqual([reply.error.code, reply.error.outcome], ["unknown", "sent_unknown"]);
});

Deno.test("readReply takes a reply without a code for a plain responder's ok", () => {
  const headers = new Map([[HEADER.id, "c1"]]);
  assert.deepEqual(readReply(headers, headers, Uint8Array.of(1)), {
    id: "c1",
    ok: true,
    type: "",
    body: Uint8Array.of(1),
  });
});

Deno.test("readReply finds nothing in what names no call", () => {
  assert.equal(readReply(new Map(), new Map([[HEADER.code, "ok"]]), Uint8Array.of(1)), undefined);
});

Deno.test("replyHeaders cut a long error text to one kilobyte, at a character", () => {
  const error = new RpcError("internal", "ü".repeat(5_000));
  const reply = travel({ id: "c1", ok: false, error, ran: "yes" });
  assert.ok(reply !== undefined && !reply.ok);
  assert.equal(reply.error.message, "ü".repeat(512));
});
