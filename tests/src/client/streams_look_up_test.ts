import assert from "node:assert/strict";
import { json } from "../../../src/codec/json.ts";
import { listenForReplies } from "../../../src/client/reply_listener.ts";
import { defineService } from "../../../src/contract/define.ts";
import { method } from "../../../src/contract/method.ts";
import { controlMessage } from "../../../src/envelope/credit.ts";
import { writeDirect } from "../../../src/envelope/direct.ts";
import { partKey, streamMessage, type StreamPart } from "../../../src/envelope/item.ts";
import type { StoredReply } from "../../../src/transport/transport.ts";
import { CallerFixture } from "../../helpers/caller_fixture.ts";
import { turns } from "../../helpers/settled.ts";

const contract = defineService("test.Feed", { read: method.stream<void, number>() });
const direct = writeDirect({ address: "fake:producer", topic: "test-Feed", broker: "a", id: 0 });

/** A client that reads one stream, and a broker that is asked for its parts and answers when the test says so. */
class Fixture extends CallerFixture {
  readonly listen = listenForReplies(this.caller.pending, this.caller.owners, this.caller.streams);
  readonly asked: string[] = [];
  readonly #answers: ((stored: readonly StoredReply[]) => void)[] = [];
  readonly opening: Promise<unknown>;

  constructor() {
    super();
    this.transport.onStoredReplies = (key) => {
      // What is looked up under a call's own id is no part.
      if (!key.includes(".")) return Promise.resolve([]);
      this.asked.push(key);
      return new Promise((resolve) => this.#answers.push(resolve));
    };
    this.opening = this.call(contract, "read", undefined, { timeoutMs: 120_000 });
  }

  get id(): string {
    return this.sent[0]?.request.id ?? "";
  }

  message(...parts: readonly StreamPart[]): StoredReply {
    return streamMessage({ id: this.id, attempt: 1, direct, method: "read", type: json.contentType, parts });
  }

  /** The producer says that it is there, and has sent all parts up to that number. */
  pong(seq: number): void {
    this.listen(controlMessage({ kind: "pong", id: this.id, seq }, "read"));
  }

  /** The broker answers the oldest question. */
  async found(...stored: readonly StoredReply[]): Promise<void> {
    this.#answers.shift()?.(stored);
    await turns(10);
  }
}

function item(seq: number): StreamPart {
  return { kind: "item", seq, type: json.contentType, body: json.encode(seq) };
}

Deno.test("OpenStreams looks once more for what came to light while it looked", async () => {
  const at = new Fixture();
  await turns();
  at.listen(at.message(item(1)));
  const stream = await at.opening as AsyncIterator<number>;
  await stream.next();
  // The broker is asked before the item is stored, and answers after its producer has said that it is.
  at.transport.missed();
  at.pong(2);
  await turns();
  assert.deepEqual(at.asked, [partKey(at.id, 2)]);
  await at.found();
  assert.deepEqual(at.asked, [partKey(at.id, 2), partKey(at.id, 2)]);
  await at.found(at.message(item(2)));
  assert.deepEqual(await stream.next(), { done: false, value: 2 });
  // Nobody has asked for more meanwhile: it looks for what comes next, and then no more.
  await at.found();
  assert.deepEqual(at.asked.slice(2), [partKey(at.id, 3)]);
  at.caller.close("the test is over");
});

Deno.test("StreamCall whose first part may have passed it by looks for that", async () => {
  const at = new Fixture();
  at.transport.missed();
  assert.deepEqual(at.asked, []);
  await turns();
  at.transport.missed();
  await turns();
  assert.deepEqual(at.asked, [partKey(at.id, 1)]);
  await at.found(at.message(item(1)));
  const stream = await at.opening as AsyncIterator<number>;
  assert.deepEqual(await stream.next(), { done: false, value: 1 });
  at.caller.close("the test is over");
});

Deno.test("OpenStreams looks for what a few streams may have missed at a time, and comes to all of them", async () => {
  const at = new Fixture();
  for (let index = 1; index < 40; index++) at.call(contract, "read");
  await turns();
  at.transport.missed();
  await turns();
  assert.equal(at.asked.length, 16);
  for (let index = 0; index < 40; index++) {
    await at.found();
    assert.ok(at.asked.length <= 16 + index + 1);
  }
  assert.deepEqual(new Set(at.asked), new Set(at.sent.map(({ request }) => partKey(request.id, 1))));
  at.caller.close("the test is over");
});
