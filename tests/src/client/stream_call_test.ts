import assert from "node:assert/strict";
import { json } from "../../../src/codec/json.ts";
import { defineService } from "../../../src/contract/define.ts";
import { method } from "../../../src/contract/method.ts";
import { writeDirect } from "../../../src/envelope/direct.ts";
import { HEADER } from "../../../src/envelope/headers.ts";
import { partKey, streamMessage, type StreamPart } from "../../../src/envelope/item.ts";
import type { Reply } from "../../../src/envelope/reply.ts";
import { readControl } from "../../../src/envelope/credit.ts";
import { replyHeaders } from "../../../src/envelope/reply.ts";
import { listenForReplies } from "../../../src/client/reply_listener.ts";
import { RpcError } from "../../../src/errors/rpc_error.ts";
import type { CallOptions } from "../../../src/contract/call_options.ts";
import { CallerFixture, sendFailure } from "../../helpers/caller_fixture.ts";
import { assertFails, failureOf, turns } from "../../helpers/settled.ts";

const contract = defineService("test.Feed", {
  read: method.stream<void, number>(),
  again: method.stream<void, number>({ idempotent: true }),
});
const PRODUCER = writeDirect({ address: "fake:producer", topic: "test-Feed", broker: "a", id: 0 });

type Read = AsyncIterator<unknown>;

/** A client that reads a stream whose producer is the test. */
class Fixture extends CallerFixture {
  readonly listen = listenForReplies(this.caller.pending, this.caller.owners, this.caller.streams);
  opening: Promise<unknown> = Promise.resolve();

  /** Calls the method; the request has left when it resolves. */
  async open(options: CallOptions = {}, name = "read"): Promise<void> {
    this.opening = this.call(contract, name, undefined, { timeoutMs: 120_000, ...options });
    await turns();
  }

  /** The stream, once its first part has come. */
  async stream(): Promise<Read> {
    return await this.opening as Read;
  }

  get id(): string {
    return this.sent.at(-1)?.request.id ?? "";
  }

  /** Parts arrive. */
  arrive(
    parts: readonly StreamPart[],
    changes: { readonly direct?: string; readonly attempt?: number } = {},
  ): void {
    const { headers, body } = this.message(parts, changes);
    this.listen({ headers, body });
  }

  message(
    parts: readonly StreamPart[],
    changes: { readonly direct?: string; readonly attempt?: number } = {},
  ) {
    return streamMessage({
      id: this.id,
      attempt: 1,
      direct: PRODUCER,
      method: "read",
      type: json.contentType,
      parts,
      ...changes,
    });
  }

  /** The producer answers. */
  pong(seq: number): void {
    const headers = new Map([
      [HEADER.version, "1"],
      [HEADER.kind, "ping"],
      [HEADER.id, this.id],
      [HEADER.seq, String(seq)],
    ]);
    this.listen({ headers, body: new Uint8Array(1) });
  }

  /** Lets time pass, as the machine does: in steps, between which other things happen. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 250) {
      this.clock.advance(Math.min(250, left));
      await turns(1);
    }
  }

  /** What the producer was told, in order: kind and number. */
  get told(): readonly string[] {
    return this.transport.sentTo.filter(({ address }) => address === "fake:producer").map(({ message }) => {
      const control = readControl(message.headers);
      return control === undefined
        ? String(message.headers.get(HEADER.kind))
        : `${control.kind} ${control.seq}`;
    });
  }
}

function item(seq: number, bytes = 0): StreamPart {
  return {
    kind: "item",
    seq,
    type: json.contentType,
    body: json.encode(bytes === 0 ? seq : "x".repeat(bytes)),
  };
}

function items(from: number, to: number): readonly StreamPart[] {
  return Array.from({ length: to - from + 1 }, (_, index) => item(from + index));
}

function end(seq: number, reply: Partial<Reply> = {}): StreamPart {
  return {
    kind: "end",
    seq,
    reply: { id: "", ok: true, type: json.contentType, body: undefined, ...reply } as Reply,
  };
}

async function read(stream: Read, count: number): Promise<unknown[]> {
  const values: unknown[] = [];
  for (let left = count; left > 0; left--) values.push((await stream.next()).value);
  return values;
}

Deno.test("StreamCall asks alone, with its credit, and gives what comes in order until its end", async () => {
  const at = new Fixture();
  await at.open();
  assert.deepEqual(at.sent[0]?.request.credit, { items: 64, bytes: 1_048_576 });
  at.arrive(items(1, 2));
  const stream = await at.stream();
  assert.deepEqual(await read(stream, 2), [1, 2]);
  const waiting = [stream.next(), stream.next(), stream.next()];
  at.arrive([item(3), end(4)]);
  assert.deepEqual((await Promise.all(waiting)).map(({ value, done }) => value ?? done), [3, true, true]);
  assert.deepEqual(at.told, []);
  await at.pass(60_000);
  assert.deepEqual([at.clean, at.caller.streams.size], [[0, 0, 0], 0]);
});

Deno.test("StreamCall is packed with nothing, with a key or without", async () => {
  const keyed = defineService("test.Keyed", {
    read: method.stream<string, number>({ key: (input) => input }),
    call: method<string, number>({ key: (input) => input }),
  });
  const at = new Fixture();
  for (const name of ["read", "read", "call", "call"]) {
    void at.call(keyed, name, "k");
    void at.call(contract, "read");
  }
  await turns(10);
  for (const { message } of at.transport.sent) {
    if (message.tag === "read") assert.equal(message.headers.get(HEADER.kind), "request");
  }
  assert.equal(at.sent.length, 8);
  at.caller.close("done");
});

Deno.test("StreamCall drops what comes twice, and waits two seconds for what is missing", async () => {
  const at = new Fixture();
  await at.open();
  at.arrive([item(1), item(2)]);
  at.arrive([item(2)]);
  at.arrive([item(5), item(4)]);
  const stream = await at.stream();
  assert.deepEqual(await read(stream, 2), [1, 2]);
  await at.pass(1_500);
  at.arrive([item(3)]);
  assert.deepEqual(await read(stream, 3), [3, 4, 5]);
  at.arrive([item(7)]);
  await at.pass(1_500);
  assert.equal(at.caller.pending.size, 1);
  await at.pass(1_000);
  await assertFails(stream.next(), "data_loss", "sent_unknown");
  assert.deepEqual(at.told.at(-1), "cancel");
  assert.deepEqual(at.clean, [0, 0, 0]);
});

Deno.test("StreamCall looks up what is missing, message after message", async () => {
  const at = new Fixture();
  await at.open();
  at.arrive([item(1)]);
  const stored = new Map([[2, [item(2), item(3)]], [4, [item(4)]], [6, [end(6)]]]);
  at.transport.onStoredReplies = (key) => {
    for (const [seq, parts] of stored) {
      if (key === partKey(at.id, seq)) return Promise.resolve([at.message(parts)]);
    }
    return Promise.resolve([]);
  };
  at.arrive([item(5)]);
  await turns(10);
  const stream = await at.stream();
  assert.deepEqual(await read(stream, 5), [1, 2, 3, 4, 5]);
  // The end has passed it by too: the producer says that it was sent.
  at.pong(6);
  assert.deepEqual(await stream.next(), { done: true, value: undefined });
});

Deno.test("StreamCall looks up what it may have missed while its connection was down", async () => {
  const at = new Fixture();
  await at.open();
  at.arrive([item(1)]);
  at.transport.onStoredReplies = (key) =>
    Promise.resolve(key === partKey(at.id, 2) ? [at.message([item(2), end(3)])] : []);
  at.transport.missed();
  await turns(10);
  const stream = await at.stream();
  assert.deepEqual(await read(stream, 2), [1, 2]);
  assert.equal((await stream.next()).done, true);
});

Deno.test("StreamCall gives credit for what was read, by items and by bytes, and not for what waits", async () => {
  const at = new Fixture();
  await at.open();
  at.arrive(items(1, 64));
  const stream = await at.stream();
  await read(stream, 31);
  assert.deepEqual(at.told, []);
  await read(stream, 1);
  await turns();
  await read(stream, 31);
  assert.deepEqual(at.told, ["credit 32"]);
  await read(stream, 1);
  assert.deepEqual(at.told, ["credit 32", "credit 64"]);
  at.arrive([item(65, 400_000), item(66, 400_000)]);
  await turns();
  await read(stream, 1);
  assert.equal(at.told.length, 2);
  await read(stream, 1);
  assert.deepEqual(at.told.at(-1), "credit 66");
});

Deno.test("StreamCall ends when more comes than was granted", async () => {
  const at = new Fixture();
  await at.open();
  for (let from = 1; from < 400; from += 50) at.arrive(items(from, from + 49));
  const stream = await at.stream();
  let count = 0;
  const failure = await failureOf((async () => {
    while (!(await stream.next()).done) count++;
  })());
  assert.deepEqual([failure.code, count <= 256, at.told.at(-1)], ["data_loss", true, "cancel"]);
});

Deno.test("StreamCall belongs to the run that sent its first part, and sends others away", async () => {
  const at = new Fixture();
  await at.open();
  at.arrive([item(1)]);
  const other = writeDirect({ address: "fake:other", topic: "test-Feed", broker: "a", id: 0 });
  at.arrive([item(2)], { direct: other });
  at.arrive([item(2)], { attempt: 2 });
  await turns();
  const turnedAway = at.transport.sentTo.map((
    { address, message },
  ) => [address, message.headers.get(HEADER.kind)]);
  assert.deepEqual(turnedAway, [["fake:other", "cancel"], ["fake:producer", "cancel"]]);
  assert.equal(at.caller.streams.stray, 2);
  at.arrive([item(2), end(3)]);
  assert.deepEqual(await read(await at.stream(), 2), [1, 2]);
  // Nor does anybody read it any more once it has ended.
  at.arrive([item(3)]);
  assert.equal(at.caller.streams.stray, 3);
});

Deno.test("StreamCall asks a silent producer whether it is there, ever less often, and goes on while it is", async () => {
  const at = new Fixture();
  await at.open();
  at.arrive([item(1)]);
  const stream = await at.stream();
  await stream.next();
  const pings: number[] = [];
  at.transport.onSendTo = ({ message }) => {
    if (readControl(message.headers)?.kind === "ping") {
      pings.push(at.clock.monotonic());
      at.pong(1);
    }
    return Promise.resolve();
  };
  await at.pass(60_000);
  assert.equal(at.caller.pending.size, 1);
  const gaps = pings.slice(1).map((ms, index) => ms - (pings[index] ?? 0));
  assert.ok(gaps.length >= 4 && gaps.every((gap) => gap >= 3_500 && gap <= 11_000), String(gaps));
});

Deno.test("StreamCall is unavailable when its producer answers nothing for five seconds", async () => {
  const at = new Fixture();
  await at.open();
  at.arrive([item(1)]);
  const stream = await at.stream();
  await stream.next();
  const step = assertFails(stream.next(), "unavailable", "sent_unknown");
  await at.pass(8_500);
  await step;
  assert.deepEqual(at.told, ["ping 1", "cancel"]);
  assert.deepEqual(at.clean, [0, 0, 0]);
});

Deno.test("StreamCall that cannot even ask is unavailable after thirty seconds", async () => {
  const at = new Fixture();
  await at.open();
  at.arrive([item(1)]);
  const stream = await at.stream();
  await stream.next();
  at.transport.onSendTo = () => Promise.reject(sendFailure("not_sent"));
  const step = assertFails(stream.next(), "unavailable", "sent_unknown");
  await at.pass(29_000);
  assert.equal(at.caller.pending.size, 1);
  await at.pass(2_000);
  await step;
});

Deno.test("StreamCall tells its producer of itself while items come without a need for credit", async () => {
  const at = new Fixture();
  await at.open();
  at.arrive([item(1)]);
  const stream = await at.stream();
  for (let seq = 2; seq <= 22; seq++) {
    await stream.next();
    await at.pass(1_000);
    at.arrive([item(seq)]);
  }
  assert.deepEqual(at.told.map((told) => told.split(" ")[0]), ["credit", "credit"]);
});

Deno.test("StreamCall whose producer does not know it any more waits for its end, then is unavailable", async () => {
  const disowned = (at: Fixture) => {
    const error = new RpcError("unavailable", "It does not run here any more");
    at.listen({
      headers: replyHeaders({ id: at.id, ok: false, error, ran: "maybe" }),
      body: new Uint8Array(1),
    });
  };
  const ends = new Fixture();
  await ends.open();
  ends.arrive([item(1)]);
  disowned(ends);
  await ends.pass(1_000);
  ends.arrive([item(2), end(3)]);
  const whole = await ends.stream();
  assert.deepEqual(await read(whole, 2), [1, 2]);
  assert.equal((await whole.next()).done, true);
  const breaks = new Fixture();
  await breaks.open();
  breaks.arrive([item(1)]);
  disowned(breaks);
  await breaks.pass(2_500);
  const stream = await breaks.stream();
  assert.deepEqual(await read(stream, 1), [1]);
  await assertFails(stream.next(), "unavailable", "sent_unknown");
});

Deno.test("StreamCall that fails before its first part rejects, and is made again where its method allows it", async () => {
  const refused = new Fixture();
  await refused.open();
  refused.refuse(0, "not_found", "yes");
  await assertFails(refused.opening, "not_found", "replied");
  const again = new Fixture();
  await again.open({}, "again");
  again.refuse(0, "unavailable");
  await again.pass(500);
  assert.equal(again.sent.length, 2);
  again.arrive([end(1)]);
  assert.equal((await (await again.stream()).next()).done, true);
  const lost = new Fixture();
  await lost.open();
  lost.answer(0, 5);
  await assertFails(lost.opening, "internal", "executed_reply_lost");
});

Deno.test("StreamCall without items may end with a reply", async () => {
  const at = new Fixture();
  await at.open();
  at.answer(0);
  assert.equal((await (await at.stream()).next()).done, true);
  assert.deepEqual(at.clean, [0, 0, 0]);
});

Deno.test("StreamCall gives what has come before the error that ends it, and before its deadline", async () => {
  const failed = new Fixture();
  await failed.open();
  const error = new RpcError("aborted", "no more", { outcome: "replied" });
  failed.arrive([item(1), item(2), end(3, { ok: false, error, ran: "yes" })]);
  const stream = await failed.stream();
  assert.deepEqual(await read(stream, 2), [1, 2]);
  await assertFails(stream.next(), "aborted", "replied");
  assert.equal((await stream.next()).done, true);
  const late = new Fixture();
  await late.open({ timeoutMs: 1_000 });
  late.arrive(items(1, 2));
  await late.pass(1_500);
  const read2 = await late.stream();
  assert.deepEqual(await read(read2, 2), [1, 2]);
  await assertFails(read2.next(), "deadline_exceeded", "sent_unknown");
  assert.deepEqual(late.clean, [0, 0, 0]);
});

Deno.test("StreamCall whose item cannot be read ends there, and its producer is told", async () => {
  const at = new Fixture();
  await at.open();
  at.arrive([item(1), { kind: "item", seq: 2, type: json.contentType, body: Uint8Array.of(1) }, item(3)]);
  const stream = await at.stream();
  await read(stream, 1);
  await assertFails(stream.next(), "internal", "executed_reply_lost");
  assert.equal((await stream.next()).done, true);
  assert.deepEqual(at.told, ["cancel"]);
  assert.deepEqual(at.clean, [0, 0, 0]);
});

Deno.test("StreamCall that is returned, aborted or closed drops what has come, and tells its producer at once", async () => {
  const returned = new Fixture();
  await returned.open();
  returned.arrive(items(1, 3));
  const one = await returned.stream();
  await one.return?.();
  assert.equal((await one.next()).done, true);
  const controller = new AbortController();
  const aborted = new Fixture();
  await aborted.open({ signal: controller.signal });
  aborted.arrive(items(1, 3));
  const two = await aborted.stream();
  controller.abort();
  await assertFails(two.next(), "cancelled", "sent_unknown");
  const closed = new Fixture();
  await closed.open();
  closed.arrive(items(1, 3));
  const three = await closed.stream();
  closed.caller.close("the client is closed");
  await assertFails(three.next(), "cancelled", "sent_unknown");
  for (const at of [returned, aborted, closed]) {
    assert.deepEqual(at.told, ["cancel"]);
    assert.deepEqual([at.clean, at.caller.streams.size], [[0, 0, 0], 0]);
  }
});

Deno.test("StreamCall is not made again for a send that failed, once its parts have come", async () => {
  const at = new Fixture();
  const answers: (() => void)[] = [];
  at.transport.onSend = () =>
    new Promise((_, reject) => answers.push(() => reject(sendFailure("sent_unknown"))));
  await at.open({}, "again");
  at.arrive([item(1)]);
  answers.shift()?.();
  await at.pass(2_000);
  at.arrive([item(2), end(3)]);
  assert.deepEqual(await read(await at.stream(), 2), [1, 2]);
  assert.equal(at.sent.length, 1);
  const unheard = new Fixture();
  unheard.failSends("sent_unknown");
  await unheard.open({}, "again");
  await unheard.pass(500);
  assert.equal(unheard.sent.length, 2);
  unheard.caller.close("done");
});
