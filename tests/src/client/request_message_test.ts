import assert from "node:assert/strict";
import type { Outgoing } from "../../../src/client/outgoing.ts";
import { type Destination, handOver, sendRequests } from "../../../src/client/request_message.ts";
import type { Request } from "../../../src/envelope/request.ts";
import type { RpcError } from "../../../src/errors/rpc_error.ts";
import type { SendReceipt } from "../../../src/transport/transport.ts";
import { QUEUE, requestOf } from "../../helpers/deliveries.ts";
import { FakeTransport } from "../../helpers/fake_transport.ts";

const TO: Destination = { topic: "test-Service", foreign: false, indexCalls: "calls", groups: false };

class Made implements Outgoing {
  readonly request: Request;
  readonly method = "run";
  live = true;
  readonly failures: RpcError[] = [];
  readonly receipts: SendReceipt[] = [];

  constructor(id: string, changes: Partial<Request> = {}) {
    this.request = requestOf(id, changes);
  }
  handOver(): boolean {
    return this.live;
  }
  stored(receipt: SendReceipt): void {
    this.receipts.push(receipt);
  }
  sendFailed(error: RpcError): void {
    this.failures.push(error);
  }
}

Deno.test("handOver() keeps those that are still wanted", () => {
  const [a, b] = [new Made("a"), new Made("b")];
  a.live = false;
  assert.deepEqual(handOver([a, b], QUEUE), [b]);
});

Deno.test("sendRequests() tells one-way calls that they are stored, and others nothing", async () => {
  const transport = new FakeTransport();
  const told = [1, 2].map((id) =>
    new Made(`t${id}`, { kind: "oneway", timeoutMs: Infinity, deadlineMs: Infinity })
  );
  await sendRequests(transport, TO, QUEUE, told);
  assert.deepEqual(
    told.map(({ receipts }) => receipts),
    Array(2).fill([{ messageId: "m", queue: QUEUE, offset: 0 }]),
  );
  const asked = new Made("a");
  await sendRequests(transport, TO, QUEUE, [asked]);
  assert.deepEqual([asked.receipts, asked.failures], [[], []]);
});

Deno.test("sendRequests() names every call of a pack, or only the first where the contract says so", async () => {
  const transport = new FakeTransport();
  const batch = [new Made("a"), new Made("b")];
  await sendRequests(transport, TO, QUEUE, batch);
  await sendRequests(transport, { ...TO, indexCalls: "pack" }, QUEUE, batch);
  assert.deepEqual(transport.sent.map(({ message }) => message.keys), [["a", "b"], ["a"]]);
});

Deno.test("sendRequests() says whose order a message belongs to, where its queue alone keeps none", async () => {
  const transport = new FakeTransport();
  const groups = { ...TO, groups: true };
  const keyed = [new Made("a", { key: "acc 1" }), new Made("b", { key: "acc 1" })];
  await sendRequests(transport, groups, QUEUE, keyed);
  await sendRequests(transport, groups, QUEUE, keyed.slice(1));
  await sendRequests(transport, groups, QUEUE, [new Made("c")]);
  await sendRequests(transport, TO, QUEUE, keyed);
  assert.deepEqual(
    transport.sent.map(({ message }) => message.messageGroup),
    ["acc%201", "acc%201", undefined, undefined],
  );
});

Deno.test("sendRequests() sends nothing where nothing is left", async () => {
  const transport = new FakeTransport();
  await sendRequests(transport, TO, QUEUE, []);
  assert.equal(transport.sent.length, 0);
});

Deno.test("sendRequests() says that nothing was sent where no message could be made", async () => {
  const transport = new FakeTransport();
  // What travels as it is must be printable ASCII.
  const batch = [new Made("a"), new Made("ü")];
  await sendRequests(transport, TO, QUEUE, batch);
  assert.deepEqual(
    batch.map(({ failures }) => failures.map(({ code, outcome }) => [code, outcome])),
    Array(2).fill([["invalid_argument", "not_sent"]]),
  );
  assert.equal(transport.sent.length, 0);
});

Deno.test("sendRequests() lets a plain responder answer a request, and nothing else", async () => {
  const transport = new FakeTransport();
  const foreign = { ...TO, foreign: true };
  await sendRequests(transport, foreign, QUEUE, [new Made("a", { timeoutMs: 700 })]);
  await sendRequests(transport, foreign, QUEUE, [
    new Made("b", { kind: "oneway", timeoutMs: Infinity, deadlineMs: Infinity }),
  ]);
  assert.deepEqual(
    transport.sent.map(({ message }) => message.plain),
    [{ correlationId: "a", ttlMs: 700 }, undefined],
  );
});
