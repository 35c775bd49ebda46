import assert from "node:assert/strict";
import { createSystem, embedded, embeddedBroker, RpcError, type System } from "rocket-actors";
import { systemClock } from "../../src/async/clock.ts";
import { deadLetterTopicOf, groupOf, topicOf } from "../../src/call/plan.ts";
import { HEADER } from "../../src/envelope/headers.ts";
import { decodePack } from "../../src/envelope/pack.ts";
import { type Reply, replyBody, replyHeaders, writeReply } from "../../src/envelope/reply.ts";
import { openDelivery, Unreadable } from "../../src/server/open.ts";
import type { Delivery, Sink, Transport } from "../../src/transport/transport.ts";
import { packOf } from "../helpers/packs.ts";
import { nodeAt } from "../helpers/tree.ts";
import { mutateBytes, noise } from "./bytes.ts";
import type { Dice } from "./dice.ts";
import { add, emptyTally, fates, type Tally } from "./tally.ts";
import { type Target, TARGETS } from "./targets.ts";
import { hostileText, mutateHeaders } from "./texts.ts";

/** Calls under way at once. */
const CALLS = 64;
/** Replies to each of them before a good one. */
const REPLIES_PER_CALL = 6;
/** How long calls may take to come, in milliseconds. */
const ARRIVAL_LIMIT_MS = 30_000;
const METHODS = ["echo", "fails"] as const;

/** A system that calls, and what answers it with whatever it likes. */
class Responder implements Sink, AsyncDisposable {
  readonly transport: Transport;
  readonly system: System;
  readonly #close: () => void;
  /** Calls that have come and still wait, as far as is known here: where their replies go. */
  readonly open = new Map<string, string>();

  private constructor(transport: Transport, system: System, close: () => void) {
    this.transport = transport;
    this.system = system;
    this.#close = close;
  }

  static async start(): Promise<Responder> {
    const broker = embeddedBroker({ retainedMessages: 10_000, retainedBytes: 32 * 1024 * 1024 });
    const transport = embedded(broker);
    await transport.start({ clock: systemClock, random: Math.random, instance: 4_712 });
    const system = await createSystem({ name: "caller", transport: embedded(broker) });
    const responder = new Responder(transport, system, () => broker.close());
    for (const { contract: { name } } of TARGETS) {
      const [topic, group] = [topicOf(name), groupOf(name)];
      await transport.ensureTopics([{ topic, queues: 4, group }, {
        topic: deadLetterTopicOf(name),
        queues: 1,
      }]);
      await transport.subscribe({ topic, group }, responder);
    }
    return responder;
  }

  assigned(partition: Parameters<Sink["assigned"]>[0]): void {
    partition.demand(1_000_000);
  }
  revoked(): Promise<void> {
    return Promise.resolve();
  }
  lost(): void {}

  deliver(_partition: unknown, delivery: Delivery): void {
    const target = TARGETS.find(({ contract }) => topicOf(contract.name) === delivery.queue.topic);
    assert.ok(target !== undefined);
    delivery.ack();
    if (delivery.message.headers.get(HEADER.kind) === "cancel") return;
    for (const one of openDelivery(delivery, target.contract)) {
      assert.ok(!(one instanceof Unreadable));
      this.open.set(one.request.id, one.request.replyTo);
    }
  }

  /** Replies that the caller has counted because nobody waited for them, or because they are none. */
  get counted(): number {
    const { details } = nodeAt(this.system.tree(), "direct");
    return Number(details?.["lateReplies"]) + Number(details?.["refusedReplies"]) +
      Number(details?.["strayItems"]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.system.close();
    await this.transport.close();
    this.#close();
  }
}

/**
 * Answers real calls with hostile replies. Each call settles, by one of them or by the good one that comes last, with a
 * value or an `RpcError`; each reply has settled its call, or is counted.
 */
export async function attackReplies(
  dice: Dice,
  messages: number,
  afterBatch: (done: number) => unknown = () => {},
): Promise<Tally> {
  await using responder = await Responder.start();
  const { system } = responder;
  const sum = emptyTally();
  while (sum.sent < messages) {
    const tally = emptyTally();
    const before = responder.counted;
    const waiting = new Set<Promise<void>>();
    for (let more = CALLS; more > 0; more--) {
      const call = settles(system, dice).finally(() => waiting.delete(call));
      waiting.add(call);
    }
    await arrived(responder);
    const ids = [...responder.open.keys()];
    for (let more = CALLS * REPLIES_PER_CALL; more > 0;) {
      const sent = await sendOne(responder, dice, ids);
      tally.sent += sent;
      if (sent > 0) more--;
    }
    await finish(responder, waiting, tally);
    const counted = responder.counted - before;
    tally.counted = counted;
    // What is not counted has met a call that waited: the first one for each, and again where it was sent again.
    tally.answered = tally.sent - counted;
    assert.ok(tally.answered >= CALLS, `only ${tally.answered} replies met the ${CALLS} calls`);
    assert.equal(fates(tally), tally.sent);
    responder.open.clear();
    add(sum, tally);
    await afterBatch(sum.sent / messages);
  }
  assert.deepEqual(nodeAt(system.tree(), "direct").details?.["pending"], 0);
  return sum;
}

/** Makes a call and resolves once it has settled as a call must. */
async function settles(system: System, dice: Dice): Promise<void> {
  const { contract, inputs } = dice.pick(TARGETS);
  const key = contract.kind === "entity" ? "key" : undefined;
  const target = { contract, method: dice.pick(METHODS), key };
  try {
    await system.invoke(target, dice.pick(inputs), { timeoutMs: 60_000 });
  } catch (error) {
    assert.ok(error instanceof RpcError, String(error));
    assert.ok(error.message.length < 4_096 && typeof error.outcome === "string");
  }
}

async function arrived({ open }: Responder): Promise<void> {
  const limit = performance.now() + ARRIVAL_LIMIT_MS;
  while (open.size < CALLS) {
    assert.ok(performance.now() < limit, `only ${open.size} of ${CALLS} calls came`);
    await new Promise((resolve) => setTimeout(resolve));
  }
}

/** Good replies to all that wait, until nobody does: what was refused may be sent again by its caller. */
async function finish(responder: Responder, waiting: Set<Promise<void>>, tally: Tally): Promise<void> {
  const { open, transport } = responder;
  while (waiting.size > 0) {
    for (const [id, address] of open) {
      const reply: Reply = { id, ok: true, type: "application/json", body: undefined };
      await transport.sendTo(address, {
        tag: "",
        keys: [id],
        headers: replyHeaders(reply),
        body: Uint8Array.of(32),
      });
      tally.sent++;
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** How many replies were in the message that was sent; 0 where the broker took none. */
async function sendOne({ open, transport }: Responder, dice: Dice, ids: readonly string[]): Promise<number> {
  const made = draft(dice, ids);
  for (let more = dice.below(4); more > 0; more--) {
    if (dice.chance(0.6)) mutateHeaders(dice, made.headers);
    else if (made.body.length > 0) made.body = mutateBytes(dice, made.body);
  }
  if (made.body.length === 0) made.body = noise(dice, 1);
  const kind = made.headers.get(HEADER.kind);
  // Other kinds are for the callee's side of its instance.
  if (kind === "request" || kind === "cancel" || !["reply", "pack", undefined].includes(kind)) return 0;
  const address = open.get(ids[0] ?? "");
  assert.ok(address !== undefined);
  const sent = await transport.sendTo(address, { tag: "", keys: [], ...made }).then(() => true, () => false);
  // A pack that names a call is of a stream, and counts as one.
  if (!sent) return 0;
  return kind === "pack" && !made.headers.has(HEADER.id) ? entriesOf(made.body) : 1;
}

function draft(dice: Dice, ids: readonly string[]): { headers: Map<string, string>; body: Uint8Array } {
  if (dice.chance(0.7)) {
    const reply = replyOf(dice, anId(dice, ids));
    return { headers: replyHeaders(reply), body: replyBody(reply) ?? Uint8Array.of(32) };
  }
  const entries = Array.from({ length: 1 + dice.below(4) }, () => {
    const reply = replyOf(dice, anId(dice, ids));
    const headers = new Map<string, string>();
    writeReply(reply, headers);
    return { headers, body: replyBody(reply) ?? Uint8Array.of(32) };
  });
  return { headers: new Map([[HEADER.kind, "pack"], [HEADER.version, "1"]]), body: packOf(entries) };
}

function anId(dice: Dice, ids: readonly string[]): string {
  return ids[dice.below(ids.length)] ?? "nobody";
}

function replyOf(dice: Dice, id: string): Reply {
  const target: Target = dice.pick(TARGETS);
  const { contract: { codec, name }, inputs } = target;
  const type = dice.chance(0.8) ? codec.contentType : "application/json";
  const place = { contract: name, method: "echo", part: "output" } as const;
  const encoded = codec.encode(dice.pick(inputs), place);
  const body = dice.chance(0.3) ? mutateBytes(dice, encoded) : encoded;
  if (dice.chance(0.5)) return { id, ok: true, type, body };
  const error = new RpcError(
    dice.pick(["internal", "unavailable", "not_found", "failed_precondition"]),
    "No",
  );
  const declared = dice.chance(0.7)
    ? { name: dice.chance(0.8) ? "Refused" : hostileName(dice), type, body }
    : undefined;
  return { id, ok: false, error, ran: dice.pick(["no", "yes", "maybe", "lost"]), declared };
}

function hostileName(dice: Dice): string {
  return hostileText(dice).replaceAll(/[^\x20-\x7e]/g, "?");
}

function entriesOf(body: Uint8Array): number {
  try {
    return decodePack(body).length;
  } catch {
    return 1;
  }
}
