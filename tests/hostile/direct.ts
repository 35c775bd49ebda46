import assert from "node:assert/strict";
import { cancelMessage, readCancel } from "../../src/envelope/cancel.ts";
import { controlMessage, readControl } from "../../src/envelope/credit.ts";
import { writeDirect } from "../../src/envelope/direct.ts";
import { isStreamMessage, streamMessage, type StreamPart } from "../../src/envelope/item.ts";
import { travelling } from "../../src/envelope/body.ts";
import { HEADER } from "../../src/envelope/headers.ts";
import { decodePack } from "../../src/envelope/pack.ts";
import { replyHeaders } from "../../src/envelope/reply.ts";
import { requestHeaders } from "../../src/envelope/request.ts";
import { openRequest, Unreadable } from "../../src/server/open.ts";
import type { Message } from "../../src/transport/transport.ts";
import { requestOf } from "../helpers/deliveries.ts";
import { packOf } from "../helpers/packs.ts";
import { mutateBytes, noise } from "./bytes.ts";
import type { Dice } from "./dice.ts";
import type { Stage } from "./stage.ts";
import { add, emptyTally, fates, type Tally } from "./tally.ts";
import { hostileText, mutateHeaders } from "./texts.ts";

/** A message past all queues. */
interface Direct {
  readonly headers: Map<string, string>;
  body: Uint8Array;
}

/** Messages that are on their way at once. */
const BATCH = 200;
const TIMEOUT_MS = 600_000;

/** What such messages are, as their receiver sorts them. */
interface Sorted {
  /** Ids of requests; `undefined` for those that nobody can be answered for. */
  readonly requests: (string | undefined)[];
  replies: number;
  cancels: number;
  /** Of streams: credits and pings. */
  controls: number;
  foreign: number;
}

/** Sends hostile messages to the direct address of a system that waits for no reply, and reckons after each batch. */
export async function attackDirect(
  stage: Stage,
  dice: Dice,
  messages: number,
  afterBatch: (done: number) => unknown = () => {},
): Promise<Tally> {
  const sum = emptyTally();
  const prefix = `d${dice.below(1e9).toString(36)}`;
  for (let sent = 0; sent < messages;) {
    const sorted: Sorted = { requests: [], replies: 0, cancels: 0, controls: 0, foreign: 0 };
    const before = counts(stage);
    const end = Math.min(messages, sent + BATCH);
    while (sent < end) {
      const made = draft(stage, dice, `${prefix}-${sent}`);
      for (let more = dice.below(4); more > 0; more--) bend(dice, made);
      if (made.body.length === 0) made.body = noise(dice, 1);
      if (!await send(stage, made)) continue;
      sort(made, sorted);
      sent++;
    }
    await new Promise((resolve) => setTimeout(resolve));
    await stage.until(() => stage.detail("unsettled", "rocket.Health") === 0, () => "direct calls");
    add(sum, reckon(stage, sorted, counts(stage).map((count, index) => count - (before[index] ?? 0))));
    await afterBatch(sent / messages);
  }
  return sum;
}

function draft(stage: Stage, dice: Dice, id: string): Direct {
  const drawn = dice.next();
  const replyTo = stage.attacker.addresses.reply;
  if (drawn < 0.5) {
    const request = requestOf(dice.chance(0.9) ? id : "again", {
      replyTo,
      body: undefined,
      timeoutMs: TIMEOUT_MS,
    });
    const headers = requestHeaders(request);
    // Its tree is large: now and then is enough.
    const method = dice.chance(0.02)
      ? "tree"
      : dice.pick(["ping", "ping", "info", "stats", "nothing", "__proto__"]);
    headers.set(HEADER.target, `${dice.chance(0.95) ? "rocket.Health" : hostileText(dice)}/${method}`);
    return { headers, body: travelling(undefined) };
  }
  if (drawn < 0.6) {
    const { headers, body } = cancelMessage(dice.chance(0.9) ? id : "again", "ping");
    return { headers: new Map(headers), body };
  }
  if (drawn < 0.7) return ofStream(dice, id, replyTo);
  const reply = { id, ok: true, type: "application/json", body: noise(dice, 20) } as const;
  const headers = replyHeaders(reply);
  if (drawn < 0.85) return { headers, body: reply.body };
  const entries = Array.from({ length: 1 + dice.below(6) }, () => ({ headers, body: reply.body }));
  return { headers: new Map([[HEADER.kind, "pack"], [HEADER.version, "1"]]), body: packOf(entries) };
}

/** What the two ends of a stream tell each other, about one that there is not. */
function ofStream(dice: Dice, id: string, replyTo: string): Direct {
  if (dice.chance(0.5)) {
    const kind = dice.pick(["credit", "ping", "pong"] as const);
    const { headers, body } = controlMessage({ kind, id, seq: dice.below(100), replyTo }, "lists");
    return { headers: new Map(headers), body };
  }
  const type = "application/json";
  const parts: StreamPart[] = [{ kind: "item", seq: 1 + dice.below(9), type, body: noise(dice, 20) }];
  const seq = dice.below(1e9);
  if (dice.chance(0.5)) parts.push({ kind: "end", seq, reply: { id, ok: true, type, body: undefined } });
  const direct = writeDirect({ address: replyTo, topic: "t", broker: "a", id: 0 });
  const { headers, body } = streamMessage({
    id,
    attempt: 1 + dice.below(3),
    direct,
    method: "lists",
    type,
    parts,
  });
  return { headers: new Map(headers), body };
}

function bend(dice: Dice, made: Direct): void {
  if (dice.chance(0.6)) mutateHeaders(dice, made.headers);
  else if (made.body.length > 0) made.body = mutateBytes(dice, made.body);
}

/** Whether the broker took it; what it refuses is its sender's to know. */
async function send({ attacker, system }: Stage, { headers, body }: Direct): Promise<boolean> {
  const message: Omit<Message, "topic"> = { tag: "", keys: [], headers, body };
  return await attacker.sendTo(system.address, message).then(() => true, () => false);
}

function sort({ headers, body }: Direct, into: Sorted): void {
  const kind = headers.get(HEADER.kind);
  if (kind === undefined || kind === "reply") into.replies++;
  // One of a stream counts as one, whatever it holds.
  else if (isStreamMessage(headers)) into.replies++;
  else if (kind === "pack") into.replies += entriesOf(body);
  else if (kind === "credit" || kind === "ping") {
    const control = readControl(headers);
    if (control === undefined) into.foreign++;
    else if (control.kind === "pong") into.replies++;
    else into.controls++;
  } else if (kind === "cancel" && readCancel(headers) !== undefined) into.cancels++;
  else if (kind === "request") into.requests.push(answerable(headers, body));
  else into.foreign++;
}

function entriesOf(body: Uint8Array): number {
  try {
    return decodePack(body).length;
  } catch {
    return 1;
  }
}

/** The id under which a request must be answered. */
function answerable(headers: Map<string, string>, body: Uint8Array): string | undefined {
  if (headers.get(HEADER.version) !== "1") return undefined;
  const opened = openRequest(headers, headers, body, 0);
  if (!(opened instanceof Unreadable)) return opened.request.id;
  return opened.replyTo === undefined ? undefined : opened.id;
}

/** Dropped requests, refused messages, and replies that came for nobody. */
function counts(stage: Stage): number[] {
  return [
    stage.detail("dropped", "rocket.Health"),
    stage.detail("refused", "direct"),
    stage.detail("lateReplies", "direct") + stage.detail("refusedReplies", "direct") +
    stage.detail("strayItems", "direct"),
    stage.detail("unknownStreams", "direct"),
  ];
}

function reckon(
  { watched, ran }: Stage,
  sorted: Sorted,
  [dropped = 0, refused = 0, replies = 0, controls = 0]: number[],
): Tally {
  const tally = emptyTally();
  tally.sent = sorted.requests.length + sorted.replies + sorted.cancels + sorted.controls + sorted.foreign;
  let left = 0;
  for (const id of sorted.requests) {
    if (id !== undefined && watched.answered.has(id)) tally.answered++;
    else if (id !== undefined && watched.undelivered.has(id)) tally.counted++;
    else left++;
  }
  assert.equal(left, dropped, "requests without an answer, and those that were counted as dropped");
  assert.equal(sorted.foreign, refused, "messages of no kind, and those that were counted as refused");
  assert.equal(sorted.replies, replies, "replies to nobody, and those that were counted as late or refused");
  assert.equal(sorted.controls, controls, "credits and pings, and those that were counted as of no stream");
  tally.counted += left + sorted.replies + sorted.foreign + sorted.cancels + controls;
  assert.equal(fates(tally), tally.sent);
  watched.reset();
  ran.clear();
  return tally;
}
