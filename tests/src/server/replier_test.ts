import assert from "node:assert/strict";
import { createDeferred, type Deferred } from "../../../src/async/deferred.ts";
import { readDirect } from "../../../src/envelope/direct.ts";
import { HEADER } from "../../../src/envelope/headers.ts";
import { decodePack } from "../../../src/envelope/pack.ts";
import type { Reply } from "../../../src/envelope/reply.ts";
import { RpcError } from "../../../src/errors/rpc_error.ts";
import { EVENTS } from "../../../src/log/events.ts";
import { type OutgoingReply, Replier } from "../../../src/server/replier.ts";
import { FakeDelivery, messageOf, requestOf } from "../../helpers/deliveries.ts";
import { FakeTransport } from "../../helpers/fake_transport.ts";
import { eventsOf, recordLogs } from "../../helpers/logs.ts";
import { ManualClock } from "../../helpers/manual_clock.ts";
import { repliesIn } from "../../helpers/service_fixture.ts";
import { turns } from "../../helpers/settled.ts";

class Fixture {
  readonly clock = new ManualClock();
  readonly transport = new FakeTransport();
  readonly replier = new Replier(this.transport, this.clock, () => 0.5);
  readonly done: string[] = [];
  undelivered = 0;

  send(id: string, changes: Partial<OutgoingReply> = {}, bytes = 1): void {
    const reply: Reply = { id, ok: true, type: "application/json", body: new Uint8Array(bytes) };
    this.replier.send({
      reply,
      method: "run",
      replyTo: "there",
      plain: undefined,
      near: new FakeDelivery(messageOf(requestOf(id))),
      untilMs: this.clock.now() + 5_000,
      done: (sent) => {
        this.done.push(id);
        if (!sent) this.undelivered++;
      },
      ...changes,
    });
  }

  get sentIds(): readonly (readonly string[])[] {
    return this.transport.sentTo.map((sent) => repliesIn(sent).map(({ id }) => id));
  }

  holdSends(): Deferred<void>[] {
    const held: Deferred<void>[] = [];
    this.transport.onSendTo = () => {
      const deferred = createDeferred<void>();
      held.push(deferred);
      return deferred.promise;
    };
    return held;
  }
}

const DOWN = new RpcError("unavailable", "Down", { outcome: "sent_unknown" });

Deno.test("Replier sends the replies of one turn to one address as one message, keyed by their calls", async () => {
  const at = new Fixture();
  for (const id of ["c1", "c2"]) at.send(id);
  at.send("c3", { replyTo: "elsewhere" });
  await turns();
  assert.deepEqual(at.sentIds, [["c1", "c2"], ["c3"]]);
  assert.deepEqual(at.transport.sentTo.map(({ address }) => address), ["there", "elsewhere"]);
  assert.deepEqual(at.transport.sentTo[0]?.message.keys, ["c1", "c2"]);
  assert.deepEqual(at.done, ["c1", "c2", "c3"]);
});

Deno.test("Replier gathers replies while one send to their address is outstanding", async () => {
  const at = new Fixture();
  const held = at.holdSends();
  at.send("c1");
  await turns();
  at.send("c2");
  await turns();
  at.send("c3");
  await turns();
  assert.deepEqual([at.sentIds, at.done], [[["c1"]], []]);
  held[0]?.resolve();
  await turns();
  assert.deepEqual([at.sentIds, at.done], [[["c1"], ["c2", "c3"]], ["c1"]]);
  held[1]?.resolve();
  await turns();
  assert.deepEqual(at.done, ["c1", "c2", "c3"]);
});

Deno.test("Replier puts at most 256 replies and 256 KiB into one message", async () => {
  const at = new Fixture();
  for (let index = 0; index < 300; index++) at.send(`c${index}`);
  for (const kib of [200, 100, 300]) at.send(`k${kib}`, {}, kib * 1024);
  await turns(10);
  assert.deepEqual(at.sentIds.map((ids) => ids.length), [256, 45, 1, 1]);
  assert.deepEqual(at.sentIds.slice(2), [["k100"], ["k300"]]);
});

Deno.test("Replier sends again until the reply is stored, with pauses that grow, in order", async () => {
  const at = new Fixture();
  let failures = 3;
  at.transport.onSendTo = () => failures-- > 0 ? Promise.reject(DOWN) : Promise.resolve();
  at.send("c1");
  await turns();
  at.send("c2");
  await turns();
  assert.deepEqual(at.sentIds, [["c1"]], "nothing overtakes what is to be sent again");
  for (const pauseMs of [25, 50, 100]) {
    at.clock.advance(pauseMs);
    await turns();
  }
  assert.deepEqual(at.sentIds.slice(1), [["c1", "c2"], ["c1", "c2"], ["c1", "c2"]]);
  assert.deepEqual([at.done, at.undelivered, at.clock.timers], [["c1", "c2"], 0, 0]);
});

Deno.test("Replier gives up at the deadline of the call, settles it and counts it", async () => {
  const at = new Fixture();
  at.transport.onSendTo = () => Promise.reject(DOWN);
  at.send("c1", { untilMs: at.clock.now() + 100 });
  at.send("c2", { untilMs: at.clock.now() + 100_000 });
  for (let step = 0; step < 100; step++) {
    at.clock.advance(50);
    await turns(1);
  }
  assert.deepEqual([at.done, at.undelivered], [["c1"], 1]);
  at.replier.close();
});

Deno.test("Replier sends plain replies alone and bare, four at once", async () => {
  const at = new Fixture();
  const held = at.holdSends();
  for (let index = 0; index < 6; index++) {
    at.send(`c${index}`, { plain: { correlationId: `p${index}`, ttlMs: 1 } });
  }
  await turns();
  assert.deepEqual(at.sentIds, [["c0"], ["c1"], ["c2"], ["c3"]]);
  assert.deepEqual(at.transport.sentTo[1]?.message.plain, { correlationId: "p1", ttlMs: 1 });
  held[0]?.resolve();
  await turns();
  assert.deepEqual(at.sentIds.at(-1), ["c4"]);
  for (const { resolve } of held) resolve();
  await turns();
  for (const { resolve } of held) resolve();
  await turns();
});

Deno.test("Replier tells a plain requester of a failure in a JSON body", async () => {
  const at = new Fixture();
  const error = new RpcError("not_found", "Nö");
  at.send("c1", {
    reply: { id: "c1", ok: false, error, ran: "yes" },
    plain: { correlationId: "c1", ttlMs: 1 },
  });
  await turns();
  const body = JSON.parse(new TextDecoder().decode(at.transport.sentTo[0]?.message.body));
  assert.deepEqual(body, { error: { code: "not_found", message: "Nö", ran: "yes" } });
});

Deno.test("Replier sends no plain reply before the pause after a failure is over", async () => {
  const at = new Fixture();
  const held = at.holdSends();
  for (const id of ["c1", "c2"]) at.send(id, { plain: { correlationId: id, ttlMs: 1 } });
  await turns();
  held[0]?.resolve();
  held[1]?.reject(DOWN);
  await turns();
  assert.deepEqual(at.sentIds, [["c1"], ["c2"]]);
  at.clock.advance(25);
  await turns();
  assert.deepEqual(at.sentIds, [["c1"], ["c2"], ["c2"]]);
  held[2]?.resolve();
  await turns();
  assert.deepEqual(at.done, ["c1", "c2"]);
});

Deno.test("Replier close stops trying and settles nothing", async () => {
  const at = new Fixture();
  at.transport.onSendTo = () => Promise.reject(DOWN);
  at.send("c1");
  await turns();
  at.replier.close();
  at.send("c2");
  await turns();
  assert.deepEqual([at.done, at.clock.timers, at.sentIds], [[], 0, [["c1"]]]);
});

Deno.test("Replier writes what all replies share once per pack", async () => {
  const at = new Fixture();
  at.send("c1");
  at.send("c2");
  await turns();
  const headers = at.transport.sentTo[0]?.message.headers;
  assert.deepEqual([headers?.get(HEADER.version), headers?.get(HEADER.kind)], ["1", "pack"]);
});

Deno.test("Replier says who answered and for which queue, once per message, of another queue each time", async () => {
  const at = new Fixture();
  const near = (id: number) => {
    return new FakeDelivery(messageOf(requestOf("c")), { queue: { topic: "t", broker: "b-1", id } });
  };
  for (let round = 0; round < 3; round++) {
    for (const id of [4, 7]) at.send(`c${round}${id}`, { near: near(id) });
    await turns();
  }
  at.send("alone", { near: near(9) });
  await turns();
  const said = at.transport.sentTo.map(({ message }) => readDirect(message.headers.get(HEADER.direct)));
  const address = "fake:me";
  assert.deepEqual(said, [4, 7, 4, 9].map((id) => ({ address, topic: "t", broker: "b-1", id })));
  for (const entry of decodePack(at.transport.sentTo[0]?.message.body ?? assert.fail())) {
    assert.ok(!entry.headers.has(HEADER.direct));
  }
});

Deno.test("Replier does not bother plain requesters with who answered, nor those of calls past all queues", async () => {
  const at = new Fixture();
  at.send("c1", { plain: { correlationId: "c1", ttlMs: 1 } });
  at.send("c2", { near: undefined });
  await turns();
  assert.deepEqual(at.transport.sentTo.map(({ message }) => message.headers.has(HEADER.direct)), [
    false,
    false,
  ]);
});

Deno.test("Replier gives up at once where the address is none of its transport's, and counts it", async () => {
  const at = new Fixture();
  // As the port says; a message that cannot be made is a `TypeError`.
  const none = new RpcError("invalid_argument", "No address", { outcome: "not_sent" });
  at.transport.onSendTo = ({ address }) =>
    Promise.reject(address === "there" ? none : new TypeError("No message"));
  const records = await recordLogs(async () => {
    at.send("c1");
    at.send("c2");
    at.send("c3", { replyTo: "elsewhere" });
    await turns();
  });
  assert.deepEqual([at.done, at.undelivered, at.clock.timers], [["c1", "c2", "c3"], 3, 0]);
  assert.deepEqual(eventsOf(records), [EVENTS.callee.replyFailed, EVENTS.callee.replyFailed]);
});

Deno.test("Replier tells a plain requester which declared error it was, with details that are JSON", async () => {
  const at = new Fixture();
  const error = new RpcError("out_of_range", "Too little");
  const plain = { correlationId: "c1", ttlMs: 1 };
  const body = new TextEncoder().encode('{"missing":5}');
  for (const type of ["application/json", "application/msgpack"]) {
    at.send("c1", {
      plain,
      reply: { id: "c1", ok: false, error, ran: "yes", declared: { name: "Short", type, body } },
    });
  }
  await turns();
  const bodies = at.transport.sentTo.map(({ message }) => JSON.parse(new TextDecoder().decode(message.body)));
  const said = { code: "out_of_range", message: "Too little", ran: "yes", declared: "Short" };
  assert.deepEqual(bodies, [{ error: { ...said, details: { missing: 5 } } }, { error: said }]);
});

Deno.test("Replier serves any number of addresses, some of them busy, and goes on with each", async () => {
  const at = new Fixture();
  const held = at.holdSends();
  at.send("busy", { replyTo: "busy" });
  await turns();
  at.transport.onSendTo = () => Promise.resolve();
  for (let index = 0; index < 600; index++) {
    at.send(`c${index}`, { replyTo: `requester-${index}` });
    if (index % 100 === 0) await turns();
  }
  at.send("behind", { replyTo: "busy" });
  await turns();
  assert.deepEqual([at.done.length, at.done.includes("behind")], [600, false]);
  held[0]?.resolve();
  await turns();
  assert.deepEqual(at.done.slice(-2), ["busy", "behind"]);
});
