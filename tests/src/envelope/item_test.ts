import assert from "node:assert/strict";
import { HEADER } from "../../../src/envelope/headers.ts";
import {
  isStreamMessage,
  type OutgoingParts,
  partKey,
  readStreamMessage,
  streamMessage,
  type StreamPart,
} from "../../../src/envelope/item.ts";
import { replyHeaders } from "../../../src/envelope/reply.ts";
import { repliesStored } from "../../../src/envelope/stored_reply.ts";
import { RpcError } from "../../../src/errors/rpc_error.ts";

const JSON_TYPE = "application/json";

function item(seq: number, ...bytes: readonly number[]): StreamPart {
  return {
    kind: "item",
    seq,
    type: JSON_TYPE,
    body: bytes.length === 0 ? undefined : Uint8Array.from(bytes),
  };
}

function end(seq: number): StreamPart {
  return { kind: "end", seq, reply: { id: "c1", ok: true, type: JSON_TYPE, body: undefined } };
}

function outgoing(...parts: readonly StreamPart[]): OutgoingParts {
  return { id: "c1", attempt: 1, direct: "me topic/a/0", method: "read", type: JSON_TYPE, parts };
}

Deno.test("readStreamMessage reads what streamMessage wrote: one part, or several as a pack", () => {
  for (
    const parts of [[item(1, 7)], [item(5)], [end(3)], [item(1, 1, 2), item(2), item(3, 3)], [
      item(9, 9),
      end(10),
    ]]
  ) {
    const message = streamMessage({ ...outgoing(...parts), attempt: parts.length });
    assert.ok(isStreamMessage(message.headers));
    assert.deepEqual(readStreamMessage(message.headers, message.body), {
      id: "c1",
      attempt: parts.length,
      direct: "me topic/a/0",
      parts,
    });
  }
});

Deno.test("streamMessage keeps the error that ends a stream, with its details", () => {
  const error = new RpcError("not_found", "Kein Konto „ä“", { outcome: "replied", callId: "c1" });
  const declared = { name: "NoAccount", type: JSON_TYPE, body: Uint8Array.of(5) };
  const reply = { id: "c1", ok: false, error, ran: "yes", declared } as const;
  for (const parts of [[], [item(1, 1)]]) {
    const { headers, body } = streamMessage(outgoing(...parts, { kind: "end", seq: 2, reply }));
    const read = readStreamMessage(headers, body).parts.at(-1);
    assert.ok(read?.kind === "end" && !read.reply.ok);
    assert.deepEqual([read.seq, read.reply.error.code, read.reply.error.message, read.reply.error.outcome], [
      2,
      "not_found",
      "Kein Konto „ä“",
      "replied",
    ]);
    assert.deepEqual(read.reply.declared, declared);
  }
});

Deno.test("streamMessage can be found by its first part, and by its call where it begins or ends it", () => {
  const keysOf = (...parts: readonly StreamPart[]) => streamMessage(outgoing(...parts)).keys;
  assert.deepEqual(keysOf(item(1, 1), item(2, 2)), ["c1", partKey("c1", 1)]);
  assert.deepEqual(keysOf(item(3, 1), item(4, 2)), ["c1.3"]);
  assert.deepEqual(keysOf(item(5, 1), end(6)), ["c1", "c1.5"]);
  assert.deepEqual(keysOf(end(6)), ["c1", "c1.6"]);
  assert.throws(() => streamMessage(outgoing()), TypeError);
});

Deno.test("isStreamMessage tells streams from replies, and stored ones are no replies", () => {
  assert.ok(!isStreamMessage(replyHeaders({ id: "c1", ok: true, type: JSON_TYPE, body: undefined })));
  assert.ok(!isStreamMessage(new Map([[HEADER.kind, "pack"]])));
  assert.ok(!isStreamMessage(new Map()));
  for (const parts of [[item(1, 1)], [item(1, 1), end(2)], [end(2)]]) {
    const { headers, body } = streamMessage(outgoing(...parts));
    assert.deepEqual([...repliesStored({ headers, body })], []);
  }
});

Deno.test("readStreamMessage refuses what names no call or has no number", () => {
  const { headers, body } = streamMessage(outgoing(item(1, 1)));
  const changed = (name: string, value?: string) => {
    const copy = new Map(headers);
    if (value === undefined) copy.delete(name);
    else copy.set(name, value);
    return () => readStreamMessage(copy, body);
  };
  for (
    const refused of [
      changed(HEADER.id),
      changed(HEADER.id, "a b"),
      changed(HEADER.seq),
      changed(HEADER.seq, "0"),
    ]
  ) {
    assert.throws(refused, TypeError);
  }
  assert.throws(changed(HEADER.seq, "-1"), TypeError);
  assert.throws(changed(HEADER.kind, "pack"), RpcError);
});
