import assert from "node:assert/strict";
import { json } from "../../../src/codec/json.ts";
import { RpcError } from "../../../src/errors/rpc_error.ts";
import { Receiver } from "../../../src/server/receiver.ts";
import type { Request } from "../../../src/envelope/request.ts";
import { FakeDelivery, messageOf, requestOf } from "../../helpers/deliveries.ts";
import { contract } from "../../helpers/service_fixture.ts";

function receive(changes: Partial<Request> = {}, tag = "run", starts = 0) {
  const request = requestOf("c1", changes);
  const delivery = new FakeDelivery(messageOf(request, tag), { starts });
  return new Receiver(contract, json).receive({ request, plain: undefined, index: 0 }, delivery, 9_000);
}

Deno.test("Receiver turns a request into a call with its input and its method's promises", () => {
  const received = receive({}, "again");
  assert.ok(received.kind === "call");
  const { method, settings, input, deadlineMs, attempt } = received.facts;
  assert.deepEqual([method, input, deadlineMs, attempt], ["again", "c1", 9_000, 1]);
  assert.equal(settings, contract.methods.again.settings);
  const empty = receive({ body: undefined, type: "other/type" });
  assert.ok(empty.kind === "call" && empty.facts.input === undefined);
});

Deno.test("Receiver counts attempts by marks and by re-sends, three at most", () => {
  const attempts = [[0, 1], [1, 1], [0, 2], [2, 2], [3, 1], [0, 9]].map(([starts, attempt]) => {
    const received = receive({ attempt: attempt ?? 1 }, "run", starts);
    return received.kind === "call" ? received.facts.attempt : undefined;
  });
  assert.deepEqual(attempts, [1, 2, 2, 3, 3, 3]);
});

Deno.test("Receiver refuses what no handler must see", () => {
  const refusals = [
    [receive({}, "nothing"), "unimplemented", /has no method "nothing"/],
    [receive({}, "toString"), "unimplemented", /has no method "toString"/],
    [receive({ type: "application/x-hessian2" }), "invalid_argument", /reads application\/json, not/],
    [receive({ body: Uint8Array.of(0x7b) }), "invalid_argument", /not JSON/],
  ] as const;
  for (const [received, code, message] of refusals) {
    assert.ok(received.kind === "refused");
    assert.deepEqual([received.error.code, received.error.outcome], [code, "rejected"]);
    assert.match(received.error.message, message);
  }
});

Deno.test("Receiver counts a deadline from the store time, whatever the caller's clock says", () => {
  const request = requestOf("c1", { deadlineMs: 1, timeoutMs: 5_000 });
  const delivery = new FakeDelivery(messageOf(request), { storedAtMs: 10_000 });
  assert.equal(new Receiver(contract, json).deadline(request, delivery, 10_100), 15_100);
});

Deno.test("Receiver encodes an answer, an error, and an answer that cannot travel as an error that says so", () => {
  const receiver = new Receiver(contract, json);
  assert.deepEqual(receiver.toReply("c1", { ok: true, output: "a" }, 100), {
    id: "c1",
    ok: true,
    type: "application/json",
    body: json.encode("a"),
  });
  assert.deepEqual(receiver.toReply("c1", { ok: true, output: undefined }, 100), {
    id: "c1",
    ok: true,
    type: "application/json",
    body: undefined,
  });
  const error = new RpcError("aborted", "No");
  assert.deepEqual(receiver.toReply("c1", { ok: false, error, ran: "yes" }, 100), {
    id: "c1",
    ok: false,
    error,
    ran: "yes",
  });
  for (const output of [Symbol("odd"), "x".repeat(100)]) {
    const reply = receiver.toReply("c1", { ok: true, output }, 100);
    assert.ok(!reply.ok);
    assert.deepEqual([reply.error.code, reply.ran], ["internal", "lost"]);
  }
});
