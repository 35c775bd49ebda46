import assert from "node:assert/strict";
import { MemoryBroker } from "../../../../src/transport/embedded/broker.ts";
import { messageOf } from "../../../helpers/embedded_stage.ts";

const ADDRESS = "embedded:rka1-gone";

function replyTo(broker: MemoryBroker, text: string, ...keys: readonly string[]): void {
  broker.sendTo(ADDRESS, messageOf(text, { keys }));
}

function found(broker: MemoryBroker, key: string): string | undefined {
  const [reply] = broker.storedReplies(key);
  return reply === undefined ? undefined : new TextDecoder().decode(reply.body);
}

Deno.test("StoredReplies finds the newest reply by each of its keys, whether it came before or after the first look", () => {
  const broker = new MemoryBroker();
  replyTo(broker, "one", "k1", "k2");
  replyTo(broker, "older", "k3");
  replyTo(broker, "newer", "k3");
  assert.deepEqual(["k1", "k2", "k3", "k4"].map((key) => found(broker, key)), [
    "one",
    "one",
    "newer",
    undefined,
  ]);
  replyTo(broker, "four", "k4", "k1");
  assert.deepEqual(["k1", "k2", "k4"].map((key) => found(broker, key)), ["four", "one", "four"]);
});

Deno.test("StoredReplies finds what retention keeps and nothing else", () => {
  const broker = new MemoryBroker({ retainedMessages: 3 });
  for (const looks of [false, true]) {
    for (let count = 0; count < 5; count++) {
      replyTo(broker, String(count), `${looks}-${count}`, "shared");
      if (looks) assert.equal(found(broker, "shared"), String(count));
    }
    const kept = [0, 1, 2, 3, 4].filter((count) => found(broker, `${looks}-${count}`) !== undefined);
    assert.deepEqual(kept, [2, 3, 4]);
  }
});

Deno.test("StoredReplies keeps a key that an older reply had too when that one is dropped", () => {
  const broker = new MemoryBroker({ retainedMessages: 2 });
  replyTo(broker, "older", "k");
  replyTo(broker, "newer", "k");
  assert.equal(found(broker, "k"), "newer");
  replyTo(broker, "last", "other");
  assert.equal(found(broker, "k"), "newer");
  replyTo(broker, "very last", "other");
  assert.equal(found(broker, "k"), undefined);
});

Deno.test("StoredReplies finds replies also long after the last look", () => {
  const broker = new MemoryBroker();
  replyTo(broker, "first", "first");
  assert.equal(found(broker, "first"), "first");
  for (let count = 0; count < 10_100; count++) replyTo(broker, String(count), `k${count}`);
  assert.deepEqual(["first", "k0", "k10099"].map((key) => found(broker, key)), ["first", "0", "10099"]);
});
