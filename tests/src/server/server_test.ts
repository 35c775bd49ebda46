import assert from "node:assert/strict";
import { TimerWheel } from "../../../src/async/timer_wheel.ts";
import { systemClock } from "../../../src/async/clock.ts";
import { createDeferred } from "../../../src/async/deferred.ts";
import type { InboundCall } from "../../../src/call/inbound.ts";
import { queueOfKey, topicOf } from "../../../src/call/plan.ts";
import { defineService } from "../../../src/contract/define.ts";
import { method } from "../../../src/contract/method.ts";
import { cancelMessage } from "../../../src/envelope/cancel.ts";
import { readDirect } from "../../../src/envelope/direct.ts";
import { HEADER } from "../../../src/envelope/headers.ts";
import { requestHeaders } from "../../../src/envelope/request.ts";
import { DirectListener } from "../../../src/server/direct_listener.ts";
import { serveContract, type Served } from "../../../src/server/server.ts";
import { embedded, type EmbeddedBroker, embeddedBroker } from "../../../src/transport/embedded/mod.ts";
import type { DirectMessage, Message, QueueRef, Transport } from "../../../src/transport/transport.ts";
import { requestOf } from "../../helpers/deliveries.ts";
import { until } from "../../helpers/settled.ts";

const contract = defineService("test.Keyed", {
  run: method<string, string>({ key: (input) => input }),
  hold: method<string, string>(),
}, { slots: 1 });

/** One instance on the broker, and what it ran where. */
class Instance implements AsyncDisposable {
  readonly wheel = new TimerWheel(systemClock);
  readonly ran: string[] = [];
  readonly released: string[] = [];
  readonly held: InboundCall[] = [];
  readonly transport: Transport;
  readonly direct: DirectListener;
  served: Served | undefined;

  private constructor(transport: Transport) {
    this.transport = transport;
    this.direct = new DirectListener(transport, () => assert.fail("no calls leave here"));
  }

  static async start(broker: EmbeddedBroker, instance: number): Promise<Instance> {
    const transport = embedded(broker);
    await transport.start({ clock: systemClock, random: Math.random, instance });
    const at = new Instance(transport);
    const parts = { transport, clock: systemClock, random: Math.random, wheel: at.wheel };
    at.served = await serveContract(contract, {
      deliver: (call) => (at.#take(call), true),
      onRoom: () => {},
      released: (partition) => Promise.resolve(void at.released.push(partition)),
    }, parts);
    at.direct.add(at.served);
    return at;
  }

  #take(call: InboundCall): void {
    if (!call.claim()) return;
    if (call.method === "hold") return void this.held.push(call);
    this.ran.push(`${call.partition} ${call.key}`);
    call.settle({ ok: true, output: call.key });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.served?.stop();
    await this.transport.close();
    this.wheel.close();
  }
}

/** Somebody with an address who collects what comes there. */
async function requester(
  broker: EmbeddedBroker,
): Promise<{ transport: Transport; got: DirectMessage[] }> {
  const transport = embedded(broker);
  await transport.start({ clock: systemClock, random: Math.random, instance: 99 });
  const got: DirectMessage[] = [];
  transport.onDirect((message) => got.push(message));
  return { transport, got };
}

Deno.test("serveContract runs a stranger's keyed requests on their keys' queues only, wherever they were stored", async () => {
  const broker = embeddedBroker();
  await using first = await Instance.start(broker, 1);
  await using second = await Instance.start(broker, 2);
  await until(() => first.served?.queues.length === 8 && second.served?.queues.length === 8);
  const { transport, got } = await requester(broker);
  const queues = await transport.queues(topicOf(contract.name));
  for (let call = 0; call < 32; call++) {
    const key = `acc-${call % 8}`;
    const message: Message = {
      topic: topicOf(contract.name),
      tag: "run",
      keys: [],
      headers: new Map(),
      body: new TextEncoder().encode(JSON.stringify(key)),
      plain: { correlationId: `p${call}`, ttlMs: 5_000, replyTo: transport.addresses.reply },
    };
    await transport.send(message, { queue: queues[call % queues.length] ?? assert.fail() });
  }
  await until(() => got.length === 32);
  assert.deepEqual(new Set(got.map(({ plain }) => plain?.correlationId)).size, 32);
  const expected = Array.from({ length: 32 }, (_, call) => {
    const { broker, id } = queueOfKey(queues, `acc-${call % 8}`) ?? assert.fail();
    return `${broker}/${id} acc-${call % 8}`;
  });
  assert.deepEqual([...first.ran, ...second.ran].sort(), expected.sort());
  const sentOn = (first.served?.counts.sentOn ?? 0) + (second.served?.counts.sentOn ?? 0);
  assert.ok(sentOn > 0 && first.ran.length > 0 && second.ran.length > 0);
  await transport.close();
});

Deno.test("serveContract tells callers where their queue's owner is, who takes cancels there at once", async () => {
  const broker = embeddedBroker();
  await using owner = await Instance.start(broker, 1);
  const { transport, got } = await requester(broker);
  const queue: QueueRef = { topic: topicOf(contract.name), broker: "embedded", id: 3 };
  const send = async (id: string, tag: string) => {
    const request = requestOf(id, { replyTo: transport.addresses.reply });
    const message = { topic: queue.topic, tag, keys: [id], headers: requestHeaders(request) };
    await transport.send({ ...message, body: new TextEncoder().encode('"acc-1"') }, { queue });
  };
  await send("c1", "hold");
  await until(() => owner.held.length === 1);
  owner.held[0]?.settle({ ok: true, output: "done" });
  await until(() => got.length === 1);
  const said = readDirect(got[0]?.headers.get(HEADER.direct));
  assert.deepEqual(said, { address: owner.transport.addresses.direct, ...queue });

  await send("c2", "hold");
  await until(() => owner.held.length === 2);
  const aborted = createDeferred<void>();
  owner.held[1]?.signal.addEventListener("abort", () => aborted.resolve());
  await transport.sendTo(said?.address ?? "", cancelMessage("c2", "hold"));
  await aborted.promise;
  owner.held[1]?.settle({ ok: true, output: "anyway" });
  await until(() => got.length === 2);

  // Past the queue it is faster than the call.
  await transport.sendTo(said?.address ?? "", cancelMessage("c3", "hold"));
  await send("c3", "hold");
  await until(() => got.length === 3);
  assert.equal(got[2]?.headers.get(HEADER.code), "cancelled");
  assert.deepEqual([owner.held.length, owner.served?.counts.cancelled], [2, 2]);
  assert.equal(owner.direct.unknownCancels, 1);
  await transport.close();
});

Deno.test("serveContract tells its mailboxes of each partition that it hands over", async () => {
  const broker = embeddedBroker();
  const leaving = await Instance.start(broker, 1);
  await leaving[Symbol.asyncDispose]();
  assert.deepEqual(
    leaving.released.sort(),
    Array.from({ length: 16 }, (_, id) => `embedded/${id}`).sort(),
  );
  broker.close();
});
