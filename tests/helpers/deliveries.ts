import { travelling } from "../../src/envelope/body.ts";
import { HEADER } from "../../src/envelope/headers.ts";
import { type Request, requestHeaders, writeOwn, writeShared } from "../../src/envelope/request.ts";
import type { Delivery, Message, Partition, QueueRef } from "../../src/transport/transport.ts";
import { packOf as packBody } from "./packs.ts";

export const QUEUE: QueueRef = { topic: "test-Service", broker: "a", id: 0 };

/** A request with every field filled in, except as told. */
export function requestOf(id: string, changes: Partial<Request> = {}): Request {
  return {
    id,
    kind: "request",
    key: undefined,
    plan: undefined,
    chain: [],
    trace: undefined,
    attempt: 1,
    started: undefined,
    deadlineMs: 1_700_000_005_000,
    timeoutMs: 5_000,
    type: "application/json",
    replyTo: "fake:caller",
    idempotencyKey: undefined,
    from: "test/1",
    userHeaders: new Map(),
    body: new TextEncoder().encode(JSON.stringify(id)),
    ...changes,
  };
}

/** The message of one request. */
export function messageOf(request: Request, tag = "run"): Message {
  const body = travelling(request.body);
  return { topic: QUEUE.topic, tag, keys: [request.id], headers: requestHeaders(request), body };
}

/** The message of a pack of requests. */
export function packOf(requests: readonly [Request, ...Request[]], tag = "run"): Message {
  const headers = new Map([[HEADER.kind, "pack"]]);
  writeShared(requests[0], headers);
  const entries = requests.map((request) => {
    const own = new Map<string, string>();
    writeOwn(request, own);
    return { headers: own, body: travelling(request.body) };
  });
  const keys = requests.map(({ id }) => id);
  return { topic: QUEUE.topic, tag, keys, headers, body: packBody(entries) };
}

/** A delivery that counts what is done to it. */
export class FakeDelivery implements Delivery {
  readonly message: Message;
  readonly queue: QueueRef;
  readonly offset: number;
  readonly storedAtMs: number;
  readonly starts: number;
  acks = 0;
  startedCalls = 0;
  /** For how long it was given back, each time. */
  readonly givenBack: number[] = [];
  onStarted: () => Promise<void> = () => Promise.resolve();

  constructor(
    message: Message,
    options: {
      readonly offset?: number;
      readonly storedAtMs?: number;
      readonly starts?: number;
      readonly queue?: QueueRef;
    } = {},
  ) {
    this.message = message;
    this.queue = options.queue ?? QUEUE;
    this.offset = options.offset ?? 0;
    this.storedAtMs = options.storedAtMs ?? 1_700_000_000_000;
    this.starts = options.starts ?? 0;
  }

  started(): Promise<void> {
    this.startedCalls++;
    const recorded = this.onStarted();
    // As the port promises: nobody has to await it.
    recorded.catch(() => {});
    return recorded;
  }
  ack(): void {
    this.acks++;
  }
  retryLater(ms: number): void {
    this.givenBack.push(ms);
  }
}

/** A delivery of one request. */
export function deliveryOf(
  id: string,
  options: ConstructorParameters<typeof FakeDelivery>[1] = {},
  tag = "run",
): FakeDelivery {
  return new FakeDelivery(messageOf(requestOf(id), tag), options);
}

/** The ids of calls or of replies, in order. */
export function idsOf(calls: readonly { readonly id: string }[]): readonly string[] {
  return calls.map(({ id }) => id);
}

/** A partition that remembers what was asked of it. */
export class FakePartition implements Partition {
  queue = QUEUE;
  demands: number[] = [];
  isHeld = true;
  isLost = false;

  /** What was asked last. */
  get demanded(): number | undefined {
    return this.demands.at(-1);
  }
  demand(messages: number): void {
    this.demands.push(messages);
  }
  held(): boolean {
    return this.isHeld;
  }
  lost(): boolean {
    return this.isLost;
  }
}
