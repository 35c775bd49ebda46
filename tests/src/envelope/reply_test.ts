import assert from "node:assert/strict";
import fc from "fast-check";
import type { Ran } from "../../../src/call/inbound.ts";
import { travelling } from "../../../src/envelope/body.ts";
import { HEADER } from "../../../src/envelope/headers.ts";
import { isRetryable, readReply, type Reply, replyBody, replyHeaders } from "../../../src/envelope/reply.ts";
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

Deno.test("readReply cuts a long error text that its sender did not cut", () => {
  const headers = new Map([[HEADER.id, "c1"], [HEADER.code, "internal"], [
    HEADER.message,
    "x".repeat(100_000),
  ]]);
  const reply = readReply(headers, headers, Uint8Array.of(32));
  assert.ok(reply !== undefined && !reply.ok);
  assert.equal(reply.error.message, "x".repeat(1_024));
});

Deno.test("replyHeaders cut a long error text to one kilobyte, at a character", () => {
  const error = new RpcError("internal", "ü".repeat(5_000));
  const reply = travel({ id: "c1", ok: false, error, ran: "yes" });
  assert.ok(reply !== undefined && !reply.ok);
  assert.equal(reply.error.message, "ü".repeat(512));
});

Deno.test("readReply reads a declared error with its details, or without any", () => {
  for (const body of [undefined, Uint8Array.of(1, 2)]) {
    const error = new RpcError("failed_precondition", "Too little", { callId: "c1" });
    const declared = { name: "Short", type: "application/json", body };
    const reply = travel({ id: "c1", ok: false, error, ran: "yes", declared });
    assert.ok(reply !== undefined && !reply.ok);
    assert.deepEqual([reply.error.code, reply.error.outcome, reply.declared], [
      error.code,
      "replied",
      declared,
    ]);
  }
});

Deno.test("readReply never takes a failure for success, nor throws, whatever its headers say", () => {
  const error = new RpcError("not_found", "No such account");
  const declared = { name: "Short", type: "application/json", body: Uint8Array.of(1) };
  const good = replyHeaders({ id: "c1", ok: false, error, ran: "yes", declared });
  const values = [undefined, "", "x".repeat(12_000), "%FF%C3%", "-1", "\u00fc"];
  const mutated = [
    HEADER.kind,
    HEADER.message,
    HEADER.ran,
    HEADER.error,
    HEADER.type,
    HEADER.empty,
    HEADER.direct,
  ];
  for (const name of mutated) {
    for (const value of values) {
      const reply = readReply(...changed(good, name, value), Uint8Array.of(1));
      assert.ok(reply !== undefined && !reply.ok, `${name}=${value}`);
      assert.equal(reply.error.code, "not_found");
      assert.equal(reply.error.outcome, name === HEADER.ran ? "sent_unknown" : "replied", `${name}=${value}`);
      const named = name !== HEADER.error || (value !== undefined && value !== "");
      assert.equal(reply.declared !== undefined, named, `${name}=${value}`);
    }
  }
  for (const value of values.slice(1)) {
    const reply = readReply(...changed(good, HEADER.code, value), Uint8Array.of(1));
    assert.ok(reply !== undefined && !reply.ok && reply.error.code === "unknown", `code ${value}`);
  }
});

Deno.test("isRetryable is true of what was refused before any handler, and has not come to its end", () => {
  const failed = (code: Code, ran: Ran) =>
    isRetryable({ id: "c1", ok: false, error: new RpcError(code, ""), ran });
  assert.ok(!isRetryable({ id: "c1", ok: true, type: "", body: undefined }));
  for (const code of CODES) {
    for (const ran of ["yes", "lost", "maybe"] as const) assert.ok(!failed(code, ran));
    assert.equal(failed(code, "no"), code !== "cancelled" && code !== "deadline_exceeded", code);
  }
});

function changed(headers: ReadonlyMap<string, string>, name: string, value: string | undefined) {
  const own = new Map(headers);
  if (value === undefined) own.delete(name);
  else own.set(name, value);
  return [own, own] as const;
}
