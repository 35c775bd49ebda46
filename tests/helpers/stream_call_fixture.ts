import { listenForReplies } from "../../src/client/reply_listener.ts";
import { json } from "../../src/codec/json.ts";
import type { CallOptions } from "../../src/contract/call_options.ts";
import { defineService } from "../../src/contract/define.ts";
import { method } from "../../src/contract/method.ts";
import { readControl } from "../../src/envelope/credit.ts";
import { writeDirect } from "../../src/envelope/direct.ts";
import { HEADER } from "../../src/envelope/headers.ts";
import { streamMessage, type StreamPart } from "../../src/envelope/item.ts";
import type { Reply } from "../../src/envelope/reply.ts";
import { CallerFixture } from "./caller_fixture.ts";
import { turns } from "./settled.ts";

/** A contract of streams. */
export const Feed = defineService("test.Feed", {
  read: method.stream<void, number>(),
  again: method.stream<void, number>({ idempotent: true }),
});
const PRODUCER = writeDirect({ address: "fake:producer", topic: "test-Feed", broker: "a", id: 0 });

/** What a message of parts may differ in. */
interface PartsOptions {
  readonly direct?: string;
  readonly attempt?: number;
}

/** A client that reads a stream whose producer is the test. */
export class StreamCallFixture extends CallerFixture {
  readonly listen = listenForReplies(this.caller.pending, this.caller.owners, this.caller.streams);
  opening: Promise<unknown> = Promise.resolve();

  /** Calls the method; the request has left when it resolves. */
  async open(options: CallOptions = {}, name = "read"): Promise<void> {
    this.opening = this.call(Feed, name, undefined, { timeoutMs: 120_000, ...options });
    await turns();
  }

  /** The stream, once its first part has come. */
  async stream(): Promise<AsyncIterator<unknown>> {
    return await this.opening as AsyncIterator<unknown>;
  }

  /** The id of the call. */
  get id(): string {
    return this.sent.at(-1)?.request.id ?? "";
  }

  /** Parts arrive. */
  arrive(parts: readonly StreamPart[], changes: PartsOptions = {}): void {
    const { headers, body } = this.message(parts, changes);
    this.listen({ headers, body });
  }

  /** The message of parts. */
  message(parts: readonly StreamPart[], changes: PartsOptions = {}): ReturnType<typeof streamMessage> {
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

/** An item: its number, or so many bytes. */
export function item(seq: number, bytes = 0): StreamPart {
  return {
    kind: "item",
    seq,
    type: json.contentType,
    body: json.encode(bytes === 0 ? seq : "x".repeat(bytes)),
  };
}

/** The items of these numbers. */
export function items(from: number, to: number): readonly StreamPart[] {
  return Array.from({ length: to - from + 1 }, (_, index) => item(from + index));
}

/** The end of a stream, with the reply that it ends with. */
export function end(seq: number, reply: Partial<Reply> = {}): StreamPart {
  // Whoever makes it a failure gives its error too.
  const full = { id: "", ok: true, type: json.contentType, body: undefined, ...reply } as Reply;
  return { kind: "end", seq, reply: full };
}

/** Takes so many items. */
export async function read(stream: AsyncIterator<unknown>, count: number): Promise<unknown[]> {
  const values: unknown[] = [];
  for (let left = count; left > 0; left--) values.push((await stream.next()).value);
  return values;
}
