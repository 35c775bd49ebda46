import { Buffer } from "node:buffer";
import assert from "node:assert/strict";
import fc from "fast-check";
import { assertFails } from "../helpers/settled.ts";
import type { Stage, TransportTest } from "./transport_stage.ts";

/** All printable letters of ASCII, blank included. */
const PRINTABLE = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index)).join("");

/** Headers, keys, tag and bytes of any kind that the port allows. */
const contents = fc.record({
  tag: fc.stringMatching(/^[A-Za-z0-9_]{0,20}$/),
  keys: fc.array(fc.stringMatching(/^[!-~]{1,40}$/), { maxLength: 5 }),
  headers: fc.dictionary(fc.stringMatching(/^h-[!-~]{1,40}$/), fc.stringMatching(/^[ -~]{1,200}$/), {
    maxKeys: 20,
    noNullPrototype: true,
  }),
  body: fc.uint8Array({ minLength: 1, maxLength: 2_000 }),
  messageGroup: fc.option(fc.stringMatching(/^[!-~]{1,64}$/), { nil: undefined }),
});

/** What a send stores, refuses and answers. */
export function sendingTests(test: TransportTest): void {
  contentTests(test);
  copies(test);
  refusals(test);
  delays(test);
}

function contentTests(test: TransportTest): void {
  test("says where a message was stored", async (stage) => {
    const maker = await stage.maker();
    const queue = await stage.queue(maker, 1);
    const receipts = await stage.send(maker, queue, "1", "2", "3");
    if (stage.under.choosesQueues) assert.deepEqual(receipts.map(({ offset }) => offset), [0, 1, 2]);
    else assert.ok(receipts.every(({ offset }) => offset !== undefined && offset >= 0 && offset <= 2));
    for (const receipt of receipts) assert.deepEqual({ ...receipt.queue }, { ...queue });
    assert.equal(new Set(receipts.map(({ messageId }) => messageId)).size, 3);
  });

  test("tells each of the messages that are sent in one turn where it was stored", async (stage) => {
    const maker = await stage.maker();
    const queues = [await stage.queue(maker, 0), await stage.queue(maker, 1)];
    const texts = Array.from({ length: 70 }, (_, index) => `m${index}`);
    const sends = texts.map(async (text, index) => {
      const queue = queues[index % 7 === 0 ? 0 : 1];
      assert.ok(queue !== undefined);
      const receipt = await maker.transport.send(stage.message(text), { queue });
      assert.deepEqual({ ...receipt.queue }, { ...queue });
      return receipt;
    });
    const receipts = await Promise.all(sends);
    assert.equal(new Set(receipts.map(({ messageId }) => messageId)).size, texts.length);
    const { sink } = await stage.join(maker);
    await stage.delivered(sink, texts.length);
    const place = (queue: number, offset: number | undefined, text: string) => `${queue}/${offset} ${text}`;
    const delivered = sink.deliveries.map(({ queue, offset, message }) =>
      place(queue.id, offset, new TextDecoder().decode(message.body))
    );
    const told = receipts.map(({ queue, offset }, index) => place(queue.id, offset, texts[index] ?? ""));
    assert.deepEqual(delivered.sort(), told.sort());
  });

  test("carries tag, keys, headers, group and bytes exactly, whatever they are", async (stage) => {
    const maker = await stage.maker();
    const queue = await stage.queue(maker);
    const sent = fc.sample(contents, { numRuns: 40, seed: 7 });
    const longest = {
      ...stage.message("long"),
      headers: new Map([["h-all", PRINTABLE], ["h-long", "x".repeat(12_000)]]),
    };
    const messages = [
      longest,
      ...sent.map(({ headers, ...content }) => ({
        ...content,
        topic: stage.topic,
        headers: new Map(Object.entries(headers)),
      })),
    ];
    for (const [index, message] of messages.entries()) {
      message.headers.set("h-", String(index));
      await maker.transport.send(message, { queue });
    }
    const { sink } = await stage.join(maker);
    await stage.delivered(sink, messages.length);
    for (const { message } of sink.deliveries) {
      const expected = messages[Number(message.headers.get("h-"))];
      assert.ok(expected !== undefined);
      assert.deepEqual([message.topic, message.tag], [expected.topic, expected.tag]);
      assert.deepEqual(message.keys, expected.keys);
      assert.deepEqual(new Uint8Array(message.body), new Uint8Array(expected.body));
      assert.equal(message.messageGroup, expected.messageGroup);
      assert.equal(message.damaged, undefined);
      for (const [name, value] of expected.headers) assert.equal(message.headers.get(name), value, name);
    }
  });

  test("carries a part of a larger buffer, and the largest body", async (stage) => {
    const maker = await stage.maker();
    const queue = await stage.queue(maker);
    const large = new Uint8Array(maker.transport.capabilities.maxBodyBytes);
    for (let index = 0; index < large.length; index += 4_093) large[index] = index % 251;
    const bodies = [large, large.subarray(4_090, 4_100), Uint8Array.of(0)];
    for (const body of bodies) await maker.transport.send(stage.message("", { body }), { queue });
    const { sink } = await stage.join(maker);
    await stage.delivered(sink, bodies.length);
    for (const body of bodies) {
      assert.ok(
        sink.deliveries.some(({ message }) => Buffer.from(message.body).equals(body)),
        `${body.length}`,
      );
    }
  });
}

function copies(test: TransportTest): void {
  test("keeps nothing of what it was given, and hands out nothing that it keeps", async (stage) => {
    const maker = await stage.maker();
    const queue = await stage.queue(maker);
    const headers = new Map([["h-a", "1"]]);
    const keys = ["k"];
    const body = new TextEncoder().encode("as sent");
    await maker.transport.send({ topic: stage.topic, tag: "run", keys, headers, body }, { queue });
    headers.set("h-a", "2");
    keys[0] = "other";
    body.fill(0);
    const first = await stage.join(maker);
    await stage.delivered(first.sink, 1);
    const received = first.sink.delivery("as sent").message;
    assert.deepEqual([received.headers.get("h-a"), ...received.keys], ["1", "k"]);
    spoil(received.headers, received.keys);
    received.body.fill(0);
    await first.subscription.close();
    const second = await stage.join(maker);
    await stage.delivered(second.sink, 1);
    const again = second.sink.delivery("as sent").message;
    assert.deepEqual([again.headers.get("h-a"), ...again.keys], ["1", "k"]);
  });
}

function refusals(test: TransportTest): void {
  test("refuses a message for a topic or a queue that is not there", async (stage) => {
    const maker = await stage.maker();
    const queue = await stage.queue(maker);
    const nowhere = { ...stage.message("x"), topic: `${stage.topic}-nowhere` };
    const inNowhere = { ...queue, topic: nowhere.topic };
    await assertFails(maker.transport.send(nowhere, { queue: inNowhere }), "unavailable", "not_sent");
    const elsewhere = { ...queue, broker: "nobody" };
    await assertFails(
      maker.transport.send(stage.message("x"), { queue: elsewhere }),
      "unavailable",
      "not_sent",
    );
    const beyond = { ...queue, id: 77 };
    await assertFails(
      maker.transport.send(stage.message("x"), { queue: beyond }),
      "failed_precondition",
      "not_sent",
    );
  });

  test("refuses a message that no broker would take", async (stage) => {
    const maker = await stage.maker();
    const queue = await stage.queue(maker);
    const faults = [
      { body: new Uint8Array(0) },
      { body: new Uint8Array(5 * 1024 * 1024) },
      { headers: new Map([["h-a", "x\u0001y"]]) },
      { headers: new Map([["h-\u0002", "x"]]) },
      { headers: new Map([["h-a", ""]]) },
      { headers: new Map([["", "x"]]) },
      { headers: new Map([["h-a", "x".repeat(40_000)]]) },
    ];
    for (const fault of faults) {
      const message = stage.message("x", fault);
      await assertFails(maker.transport.send(message, { queue }), "invalid_argument", "not_sent");
    }
    await stage.send(maker, queue, "fine");
    const { sink } = await stage.join(maker);
    await stage.delivered(sink, 1);
    assert.deepEqual(sink.texts, ["fine"]);
  });
}

function delays(test: TransportTest): void {
  test("holds a message back for as long as it is told, or refuses to", async (stage) => {
    const maker = await stage.maker();
    const queue = await stage.queue(maker, 1);
    const { transport } = maker;
    const { delayMs: limit } = transport.capabilities;
    if (limit === false) {
      await assertFails(
        transport.send(stage.message("x"), { queue, delayMs: 1_000 }),
        "unimplemented",
        "not_sent",
      );
      assert.equal((await transport.send(stage.message("x"), { queue, delayMs: 0 })).offset, 0);
      return;
    }
    for (const delayMs of [limit + 1, -1, NaN, Infinity]) {
      await assertFails(
        transport.send(stage.message("x"), { queue, delayMs }),
        "invalid_argument",
        "not_sent",
      );
    }
    await heldBack(stage, 1_500);
  });
}

async function heldBack(stage: Stage, delayMs: number): Promise<void> {
  const maker = await stage.participant();
  const queue = await stage.queue(maker, 1);
  const { sink } = await stage.join(maker);
  sink.onDelivery = (delivery) => delivery.ack();
  const since = Date.now();
  const late = stage.message("late", { keys: ["k"], headers: new Map([["h-a", "1"]]) });
  const receipt = await maker.transport.send(late, { queue, delayMs });
  assert.deepEqual([receipt.offset, { ...receipt.queue }], [undefined, { ...queue }]);
  await stage.send(maker, queue, "early");
  await stage.delivered(sink, 2);
  const tookMs = Date.now() - since;
  assert.deepEqual(sink.texts, ["early", "late"]);
  assert.ok(tookMs >= delayMs && tookMs <= delayMs + stage.under.latenessMs, `it took ${tookMs} ms`);
  const { message, queue: from, storedAtMs } = sink.delivery("late");
  assert.deepEqual([message.topic, { ...from }, ...message.keys], [stage.topic, { ...queue }, "k"]);
  assert.equal(message.headers.get("h-a"), "1");
  assert.ok(storedAtMs - since >= delayMs, "it was stored in its queue only when it was due");
  // What a broker notes on a message that it held back must not hold back what is made from it.
  await maker.transport.send({ ...message, body: new TextEncoder().encode("again") }, { queue });
  await stage.send(maker, queue, "behind");
  await stage.delivered(sink, 4);
  assert.deepEqual(sink.texts.slice(2), ["again", "behind"]);
}

/** Changes a received message's parts, as far as they let it. */
function spoil(headers: ReadonlyMap<string, string>, keys: readonly string[]): void {
  if (headers instanceof Map) headers.set("h-a", "spoilt");
  if (Array.isArray(keys) && !Object.isFrozen(keys)) keys[0] = "spoilt";
}
