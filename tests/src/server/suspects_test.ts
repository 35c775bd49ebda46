import assert from "node:assert/strict";
import { createDeferred } from "../../../src/async/deferred.ts";

import { cancelMessage } from "../../../src/envelope/cancel.ts";
import { HEADER } from "../../../src/envelope/headers.ts";
import { type Reply, replyBody, replyHeaders, writeReply } from "../../../src/envelope/reply.ts";
import { requestHeaders } from "../../../src/envelope/request.ts";
import { EVENTS } from "../../../src/log/events.ts";
import type { CallFacts } from "../../../src/server/call_facts.ts";
import type { Once } from "../../../src/server/once.ts";
import { originOf } from "../../../src/server/origin.ts";
import { RpcError } from "../../../src/errors/rpc_error.ts";
import { deadAnswer, deathOfTried, Suspects, type Verdict } from "../../../src/server/suspects.ts";
import { FakeDelivery, messageOf, requestOf } from "../../helpers/deliveries.ts";
import { FakeTransport } from "../../helpers/fake_transport.ts";
import { eventsOf, recordLogs } from "../../helpers/logs.ts";
import { contract } from "../../helpers/service_fixture.ts";
import { turns } from "../../helpers/settled.ts";
import { packOf } from "../../helpers/packs.ts";

function facts(starts: number, idempotent: boolean, changes: Partial<CallFacts> = {}): CallFacts {
  const request = requestOf("c1");
  return {
    request,
    method: "run",
    settings: contract.methods[idempotent ? "again" : "run"].settings,
    input: "c1",
    key: undefined,
    delivery: new FakeDelivery(messageOf(request), { starts }),
    deadlineMs: Infinity,
    attempt: starts + 1,
    plain: undefined,
    index: 0,
    ...changes,
  };
}

const REPLY: Reply = { id: "c1", ok: true, type: "application/json", body: Uint8Array.of(1) };

Deno.test("Suspects judge by starts and by promise where no reply is stored", async () => {
  const suspects = new Suspects(new FakeTransport());
  const verdicts = [];
  for (
    const [starts, idempotent] of [[1, true], [2, true], [3, true], [1, false], [2, false], [
      3,
      false,
    ]] as const
  ) {
    verdicts.push(await suspects.judge(facts(starts, idempotent)));
  }
  assert.deepEqual(verdicts, [
    { kind: "run", alone: false },
    { kind: "run", alone: true },
    { kind: "dead", reason: "attempts spent" },
    { kind: "dead", reason: "may have run" },
    { kind: "dead", reason: "may have run" },
    { kind: "dead", reason: "attempts spent" },
  ]);
});

Deno.test("Suspects find the stored reply, alone or in a pack, whatever the method promises", async () => {
  const transport = new FakeTransport();
  const suspects = new Suspects(transport);
  transport.onStoredReplies = () =>
    Promise.resolve([{ headers: replyHeaders(REPLY), body: replyBody(REPLY) ?? Uint8Array.of(32) }]);
  assert.deepEqual(await suspects.judge(facts(3, false)), { kind: "answered", reply: REPLY });
  const entries = ["c0", "c1"].map((id) => {
    const headers = new Map<string, string>();
    writeReply({ ...REPLY, id }, headers);
    return { headers, body: Uint8Array.of(1) };
  });
  transport.onStoredReplies = () =>
    Promise.resolve([{ headers: new Map([[HEADER.kind, "pack"]]), body: packOf(entries) }]);
  assert.deepEqual(await suspects.judge(facts(1, true)), { kind: "answered", reply: REPLY });
});

Deno.test("Suspects answer what was refused with its refusal again, and run what its caller sent after that", async () => {
  const transport = new FakeTransport();
  const suspects = new Suspects(transport);
  const suspect = facts(1, true);
  const error = new RpcError("unavailable", "suspended");
  const refusal: Reply = { id: "c1", ok: false, error, ran: "no", origin: originOf(suspect.delivery) };
  const store = (reply: Reply) =>
    transport.onStoredReplies = () =>
      Promise.resolve([{ headers: replyHeaders(reply), body: Uint8Array.of(32) }]);
  store(refusal);
  assert.equal((await suspects.judge(suspect)).kind, "answered");
  store({ ...refusal, origin: "test/b/0/4711" });
  assert.equal((await suspects.judge(suspect)).kind, "run");
});

Deno.test("Suspects go on without stored replies where looking fails, and say so once", async () => {
  const transport = new FakeTransport();
  transport.onStoredReplies = () => Promise.reject(new Error("switched off"));
  const suspects = new Suspects(transport);
  const records = await recordLogs(async () => {
    for (let index = 0; index < 3; index++) {
      assert.deepEqual(await suspects.judge(facts(1, true)), { kind: "run", alone: false });
    }
  });
  assert.deepEqual(eventsOf(records), [EVENTS.callee.storedRepliesOff]);
});

Deno.test("Suspects look nothing up for a plain requester, for a one-way call, or where the transport cannot", async () => {
  const transport = new FakeTransport();
  let looks = 0;
  transport.onStoredReplies = () => {
    looks++;
    return Promise.resolve([]);
  };
  const plain = { correlationId: "c1", ttlMs: 1 };
  assert.equal((await new Suspects(transport).judge(facts(1, true, { plain }))).kind, "run");
  const request = requestOf("c1", { kind: "oneway" });
  assert.equal((await new Suspects(transport).judge(facts(1, true, { request }))).kind, "run");
  transport.capabilities = { ...transport.capabilities, storedReplies: false };
  assert.equal((await new Suspects(transport).judge(facts(1, true))).kind, "run");
  assert.equal(looks, 0);
});

Deno.test("Suspects have at most sixteen look-ups under way", async () => {
  const transport = new FakeTransport();
  let underWay = 0;
  let most = 0;
  const gates: (() => void)[] = [];
  transport.onStoredReplies = async () => {
    most = Math.max(most, ++underWay);
    const gate = createDeferred<void>();
    gates.push(gate.resolve);
    await gate.promise;
    underWay--;
    return [];
  };
  const suspects = new Suspects(transport);
  const verdicts = Promise.all(Array.from({ length: 40 }, () => suspects.judge(facts(1, true))));
  while (gates.length < 40) {
    await turns(1);
    for (const gate of gates) gate();
  }
  assert.equal((await verdicts).length, 40);
  assert.equal(most, 16);
});

Deno.test("Suspects count what earlier messages of a call counted, and the run that a copy stands for", async () => {
  const suspects = new Suspects(new FakeTransport());
  const verdict = async (attempt: number, started: true | undefined, starts: number, idempotent: boolean) => {
    const request = requestOf("c1", { attempt, started });
    return await suspects.judge(facts(starts, idempotent, { request }));
  };
  assert.deepEqual(await verdict(1, true, 0, false), { kind: "dead", reason: "may have run" });
  assert.deepEqual(await verdict(1, true, 0, true), { kind: "run", alone: false });
  assert.deepEqual(await verdict(1, true, 1, true), { kind: "run", alone: false });
  assert.deepEqual(await verdict(2, true, 1, true), { kind: "run", alone: true });
  assert.deepEqual(await verdict(2, undefined, 1, true), { kind: "run", alone: true });
  assert.deepEqual(await verdict(3, undefined, 1, true), { kind: "dead", reason: "attempts spent" });
});

Deno.test("Suspects ask the store first, and nothing else where it knows", async () => {
  const transport = new FakeTransport();
  const looked: string[] = [];
  transport.onStoredReplies = () => {
    looked.push("broker");
    return Promise.resolve([]);
  };
  const error = new RpcError("failed_precondition", "x", { outcome: "rejected" });
  type Known = Awaited<ReturnType<Once["look"]>>;
  const rows: readonly (readonly [Known, boolean, Verdict, readonly string[]])[] = [
    [{ kind: "answered", reply: REPLY }, false, { kind: "answered", reply: REPLY }, ["store"]],
    [{ kind: "refused", error }, true, { kind: "refused", error }, ["store"]],
    [{ kind: "elsewhere", leaseMs: 1 }, false, { kind: "run", alone: false }, ["store", "broker"]],
    [{ kind: "may have run" }, false, { kind: "dead", reason: "may have run" }, ["store", "broker"]],
    [{ kind: "may have run" }, true, { kind: "run", alone: false }, ["store", "broker"]],
    [undefined, false, { kind: "dead", reason: "may have run" }, ["store", "broker"]],
  ];
  for (const [known, idempotent, verdict, asked] of rows) {
    looked.length = 0;
    const look = () => {
      looked.push("store");
      return Promise.resolve(known);
    };
    assert.deepEqual(await new Suspects(transport, { look }).judge(facts(1, idempotent)), verdict);
    assert.deepEqual(looked, asked);
  }
});

Deno.test("deathOfTried keeps what an earlier run may have left half done, and only that", () => {
  const error = new RpcError("deadline_exceeded", "x");
  const expired = { ok: false, error, ran: "maybe" } as const;
  const cancelled = { ok: false, error: new RpcError("cancelled", "x"), ran: "maybe" } as const;
  const dead = { reason: "may have run", attempts: 1 };
  for (const result of [expired, cancelled]) {
    assert.deepEqual(deathOfTried({ facts: facts(1, false), attempt: 2 }, result), dead);
    assert.equal(deathOfTried({ facts: facts(1, true), attempt: 2 }, result), undefined);
  }
  assert.deepEqual(deathOfTried({ facts: facts(0, true), attempt: 2 }, expired), {
    reason: "no time for another attempt",
    attempts: 1,
  });
  assert.equal(deathOfTried({ facts: facts(0, true), attempt: 2 }, cancelled), undefined);
  assert.equal(deathOfTried({ facts: facts(0, true), attempt: 1 }, expired), undefined);
  assert.equal(deathOfTried({ facts: facts(1, false), attempt: 2 }, { ok: true, output: 1 }), undefined);
  assert.equal(deathOfTried({ facts: facts(1, false), attempt: 2 }, { ...expired, ran: "no" }), undefined);
});

Deno.test("deadAnswer tells the caller that nothing is known, and where the call is", () => {
  for (const reason of ["may have run", "attempts spent"]) {
    const { code, outcome, message } = deadAnswer(reason);
    assert.deepEqual([code, outcome], ["internal", "sent_unknown"]);
    assert.match(message, /dead-letter queue/);
  }
});

Deno.test("Suspects take nothing for an answer that was stored under the call's id and is none", async () => {
  const transport = new FakeTransport();
  const suspects = new Suspects(transport);
  const request = requestHeaders(requestOf("c1"));
  for (const headers of [request, new Map<string, string>(), cancelMessage("c1", "run").headers]) {
    transport.onStoredReplies = () => Promise.resolve([{ headers, body: Uint8Array.of(49) }]);
    const records = await recordLogs(async () => {
      assert.deepEqual(await suspects.judge(facts(1, true)), { kind: "run", alone: false });
    });
    assert.deepEqual(records, [], "nothing failed");
  }
});
