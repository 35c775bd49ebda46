import { travelling } from "../envelope/body.ts";
import { HEADER } from "../envelope/headers.ts";
import { encodePack, HeadText, type OutgoingEntry } from "../envelope/pack.ts";
import { requestHeaders, writeOwn, writeShared } from "../envelope/request.ts";
import { RpcError } from "../errors/rpc_error.ts";
import type { Message, QueueRef, Transport } from "../transport/transport.ts";
import { messageGroupOf } from "./message_group.ts";
import { PACK_BYTES, PACK_CALLS } from "./defaults.ts";
import type { Outgoing } from "./outgoing.ts";
import { invalid } from "./refusal.ts";

/** What all requests of one contract have in common. */
export interface Destination {
  readonly topic: string;
  /** Whether an answer by a plain RocketMQ responder must be possible. */
  readonly foreign: boolean;
  /** What a pack can be looked up by. */
  readonly indexCalls: "calls" | "pack";
  /** Whether a message has to say whose order it belongs to: its queue alone keeps none. */
  readonly groups: boolean;
}

/**
 * Those of a batch that are still wanted, handed over to the transport from now on.
 *
 * @param plan the number of the queue plan by which they go there, 0 for none
 */
export function handOver<T extends Outgoing>(batch: readonly T[], queue: QueueRef, plan = 0): readonly T[] {
  const [only] = batch;
  // Nearly always all of them are: then the batch stays as it is.
  if (batch.length === 1 && only !== undefined) return only.handOver(queue, plan) ? batch : [];
  return batch.filter((outgoing) => outgoing.handOver(queue, plan));
}

/**
 * Sends requests of one method to a queue as one message, and tells each what became of it. Never rejects.
 *
 * @param transport what carries them
 * @param to where they go
 * @param queue the queue of that topic
 * @param live one request, or several that travel as a pack; all of them handed over
 * @param plan the number of the queue plan by which they go there, 0 for none
 */
export function sendRequests(
  transport: Transport,
  to: Destination,
  queue: QueueRef,
  live: readonly Outgoing[],
  plan = 0,
): Promise<void> {
  if (live.length === 0) return NOTHING_SENT;
  let message: Message;
  try {
    message = requestMessage(to, live, plan);
  } catch (error) {
    refuse(live, invalid(error));
    return NOTHING_SENT;
  }
  return send(transport, message, queue, live);
}

const NOTHING_SENT: Promise<void> = Promise.resolve();

function send(
  transport: Transport,
  message: Message,
  queue: QueueRef,
  live: readonly Outgoing[],
): Promise<void> {
  if (live[0]?.request.kind === "oneway") return sendOneWay(transport, message, queue, live);
  try {
    return transport.send(message, { queue }).then(nothing, (error) => refuse(live, RpcError.from(error)));
  } catch (error) {
    refuse(live, RpcError.from(error));
    return NOTHING_SENT;
  }
}

/** Their replies tell all that there is to tell about calls that were stored. */
function nothing(): void {}

async function sendOneWay(
  transport: Transport,
  message: Message,
  queue: QueueRef,
  live: readonly Outgoing[],
): Promise<void> {
  try {
    const receipt = await transport.send(message, { queue });
    for (const outgoing of live) outgoing.stored(receipt);
  } catch (error) {
    refuse(live, RpcError.from(error));
  }
}

/** How many of the first waiting requests make a pack. */
export function packLength(waiting: readonly Outgoing[]): number {
  let bytes = 0;
  let count = 0;
  for (const { request } of waiting) {
    bytes += request.body?.length ?? 0;
    // Streams travel alone.
    if (request.credit !== undefined) return Math.max(1, count);
    if (count > 0 && (count === PACK_CALLS || bytes > PACK_BYTES)) break;
    count++;
  }
  return count;
}

/** Tells each request that it was not sent, or may not have been, under its own id. */
export function refuse(batch: readonly Outgoing[], cause: RpcError): void {
  for (const outgoing of batch) {
    const { code, message, outcome } = cause;
    outgoing.sendFailed(new RpcError(code, message, { outcome, callId: outgoing.request.id, cause }));
  }
}

function requestMessage(
  { topic, foreign, indexCalls, groups }: Destination,
  batch: readonly Outgoing[],
  plan: number,
): Message {
  const [first] = batch;
  if (first === undefined) throw new TypeError("Cannot send an empty batch");
  const { request, method: tag } = first;
  // The requests of a pack have one key where groups matter.
  const messageGroup = groups && request.key !== undefined ? messageGroupOf(request.key) : undefined;
  if (batch.length > 1) {
    const headers = new Map([[HEADER.kind, "pack"]]);
    writeShared(request, headers);
    writePlan(plan, headers);
    const keys = indexCalls === "pack" ? [request.id] : batch.map((outgoing) => outgoing.request.id);
    return { topic, tag, keys, headers, body: encodePack(batch.map(entryOf)), messageGroup };
  }
  // A one-way call expects no answer, so that a plain responder has nothing to answer either.
  const plain = foreign && request.kind === "request";
  const headers = requestHeaders(request);
  writePlan(plan, headers);
  return {
    topic,
    tag,
    keys: [request.id],
    headers,
    body: travelling(request.body),
    messageGroup,
    plain: plain ? { correlationId: request.id, ttlMs: request.timeoutMs } : undefined,
  };
}

/** The same for all requests of a message: they meet in one queue because of it. */
function writePlan(plan: number, into: Map<string, string>): void {
  if (plan > 0) into.set(HEADER.plan, String(plan));
}

function entryOf({ request }: Outgoing): OutgoingEntry {
  const head = new HeadText();
  writeOwn(request, head);
  return { head: head.text, body: travelling(request.body) };
}
