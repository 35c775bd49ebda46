import assert from "node:assert/strict";
import type { InboundCall } from "../../src/call/inbound.ts";
import type { ItemSink } from "../../src/call/item_sink.ts";
import { defineService } from "../../src/contract/define.ts";
import { method } from "../../src/contract/method.ts";
import { type } from "../../src/contract/schema.ts";
import { isStreamMessage, readStreamMessage, type StreamPart } from "../../src/envelope/item.ts";
import type { Request } from "../../src/envelope/request.ts";
import { FakeDelivery, messageOf, requestOf } from "./deliveries.ts";
import { capitals, endless } from "./schemas.ts";
import { answerOf, type FixtureOptions, repliesIn, ServiceFixture } from "./service_fixture.ts";

/** A contract of streams, and of one call. */
export const Streams = defineService("test.Service", {
  run: method.stream<string, unknown, { Short: number }>({ errors: { Short: type() } }),
  again: method.stream<string, unknown>({ idempotent: true }),
  checked: method.stream<string, string, never, string, string>({ item: capitals }),
  endless: method.stream<string, string, never, string, string>({ item: endless }),
  call: method<string, string>(),
});
/** What a reader grants with its request. */
export const CREDIT = { items: 4, bytes: 100 };

/** What has arrived, and by which message. */
interface Started {
  readonly call: InboundCall;
  readonly delivery: FakeDelivery;
}

/** A service whose handlers the test plays. */
export class StreamReplyFixture extends ServiceFixture {
  constructor(options?: FixtureOptions) {
    super(Streams, options);
  }

  /** A call arrives and is started. */
  start(id: string, tag = "run", changes: Partial<Request> = {}, starts = 0): Started {
    const before = this.mailbox.length;
    const request = requestOf(id, { credit: CREDIT, timeoutMs: 300_000, ...changes });
    const delivery = new FakeDelivery(messageOf(request, tag), { starts });
    this.intake.deliver(delivery);
    const arrived = this.mailbox.length > before;
    const call = this.mailbox.at(-1);
    if (arrived && call !== undefined) {
      assert.ok(call.claim());
      void call.started();
    }
    // Tests of what is refused before any call has arrived look at the delivery only.
    return { call: call as InboundCall, delivery };
  }

  /** What was answered with one reply. */
  get replied(): readonly string[] {
    return this.transport.sentTo.filter(({ message }) => !isStreamMessage(message.headers)).flatMap(repliesIn)
      .map(answerOf);
  }

  /** What was sent of streams, in order: the number of an item, or how a stream ended. */
  get streamed(): readonly (number | string)[] {
    return this.messages.flat();
  }

  /** The same, message by message. */
  get messages(): readonly (readonly (number | string)[])[] {
    return this.transport.sentTo.filter(({ message }) => isStreamMessage(message.headers))
      .map(({ message }) => readStreamMessage(message.headers, message.body).parts.map(shown));
  }
}

function shown(part: StreamPart): number | string {
  if (part.kind === "item") return part.seq;
  return `${part.seq} ${answerOf(part.reply)}`;
}

/** Where the handler of a call puts its items. */
export function sinkOf({ stream }: InboundCall): ItemSink {
  if (stream === undefined) throw new TypeError("It is no stream");
  return stream;
}

/** Makes items as long as there is room. Returns how many. */
export function fill(call: InboundCall, most = Infinity): number {
  let count = 0;
  for (; count < most && sinkOf(call).room() === undefined; count++) void sinkOf(call).push("item");
  return count;
}
