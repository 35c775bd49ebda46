import assert from "node:assert/strict";
import type { Delivery, StoredReply } from "rocket-actors";
import { assertFails } from "../helpers/settled.ts";
import type { Participant, Stage, TransportTest } from "./transport_stage.ts";

/** What goes past all queues: replies, control, and replies found again. */
export function addressTests(test: TransportTest): void {
  reaching(test);
  replies(test);
  refusals(test);
}

function reaching(test: TransportTest): void {
  test("reaches an instance at both its addresses from its start on, though it serves and asks nothing", async (stage) => {
    const idle = await stage.participant();
    const sender = await stage.participant();
    assert.notEqual(idle.transport.addresses.reply, sender.transport.addresses.reply);
    const { reply, direct } = idle.transport.addresses;
    const headers = new Map([["h-a", "1"]]);
    for (const [index, address] of [reply, direct].entries()) {
      await sender.transport.sendTo(address, { tag: "", keys: [], headers, body: Uint8Array.of(index) });
    }
    await stage.until(() => idle.heard.length === 2, "both messages");
    assert.deepEqual(idle.heard.map(({ body }) => [...body]), [[0], [1]], "in their order");
    assert.ok(idle.heard.every((message) => message.headers.get("h-a") === "1"));
    assert.deepEqual(sender.heard, []);
  });

  test("reaches members and callers alike, and itself", async (stage) => {
    const member = await stage.maker();
    const caller = await stage.participant();
    await stage.queue(caller);
    await stage.join(member);
    for (const [from, to] of [[caller, member], [member, caller], [caller, caller]] as const) {
      const count = to.heard.length;
      await from.transport.sendTo(to.transport.addresses.direct, stage.message("control"));
      await stage.until(() => to.heard.length === count + 1, "the message");
    }
  });
}

function replies(test: TransportTest): void {
  test("hands over to an address a copy that its receiver may spoil", async (stage) => {
    const one = await stage.maker();
    const near = await nearOf(stage, one);
    const message = stage.message("reply", { keys: ["c-1"], headers: new Map([["h-a", "1"]]) });
    await one.transport.sendTo(one.transport.addresses.reply, message, { near });
    message.body.fill(0);
    await stage.until(() => one.heard.length === 1, "the reply");
    assert.equal(new TextDecoder().decode(one.heard[0]?.body), "reply");
    one.heard[0]?.body.fill(0);
    const stored = await storedReply(stage, one, "c-1", near);
    if (stored !== undefined) assert.equal(new TextDecoder().decode(stored.body), "reply");
  });

  test("finds a reply again by each of its keys, also when its receiver is gone", async (stage) => {
    const one = await stage.maker();
    const near = await nearOf(stage, one);
    const gone = await stage.participant();
    const { reply } = gone.transport.addresses;
    await gone.transport.close();
    const id = crypto.randomUUID();
    const headers = new Map([["h-a", "1"]]);
    const message = stage.message("reply", { keys: [`${id}-1`, `${id}-2`], headers });
    await one.transport.sendTo(reply, message, { near });
    const other = await stage.participant();
    for (const key of message.keys) {
      const stored = await storedReply(stage, other, key, near);
      if (stored === undefined) continue;
      assert.equal(new TextDecoder().decode(stored.body), "reply");
      assert.equal(stored.headers.get("h-a"), "1");
    }
    assert.deepEqual(await other.transport.storedReplies(`${id}-3`, near), []);
  });
}

function refusals(test: TransportTest): void {
  test("refuses an address that is none of its kind, and a message that no broker would take", async (stage) => {
    const { transport } = await stage.participant();
    const message = stage.message("x");
    for (const address of ["", "nonsense", "topic:x", "x".repeat(10_000)]) {
      await assertFails(transport.sendTo(address, message), "invalid_argument", "not_sent");
    }
    const { direct } = transport.addresses;
    const empty = stage.message("", { body: new Uint8Array(0) });
    await assertFails(transport.sendTo(direct, empty), "invalid_argument", "not_sent");
    const hostile = stage.message("x", { headers: new Map([["h-a", "\u0001"]]) });
    await assertFails(transport.sendTo(direct, hostile), "invalid_argument", "not_sent");
  });
}

/** A delivery to answer. */
async function nearOf(stage: Stage, maker: Participant): Promise<Delivery> {
  await stage.send(maker, await stage.queue(maker), "near");
  const { sink } = await stage.join(maker);
  await stage.delivered(sink, 1);
  return sink.delivery("near");
}

/** The stored reply, once it can be found: brokers may take a moment. Nothing where a transport cannot look. */
async function storedReply(
  stage: Stage,
  { transport }: Participant,
  key: string,
  near: Delivery,
): Promise<StoredReply | undefined> {
  let [stored] = await transport.storedReplies(key, near);
  if (transport.capabilities.storedReplies) {
    await stage.until(
      async () => (stored ??= (await transport.storedReplies(key, near))[0]) !== undefined,
      "the reply",
    );
  } else assert.equal(stored, undefined);
  return stored;
}
