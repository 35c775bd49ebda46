import type { InboundCall, Result } from "../../src/call/inbound.ts";
import { TimerWheel } from "../../src/async/timer_wheel.ts";
import { defineService } from "../../src/contract/define.ts";
import { method } from "../../src/contract/method.ts";
import type { Contract } from "../../src/contract/types.ts";
import { HEADER, unescapeHeader } from "../../src/envelope/headers.ts";
import { decodePack } from "../../src/envelope/pack.ts";
import { readRequest } from "../../src/envelope/request.ts";
import { readReply, type Reply } from "../../src/envelope/reply.ts";
import type { ServiceParts } from "../../src/server/service_parts.ts";
import { PartitionIntake } from "../../src/server/partition_intake.ts";
import { createShared, type Shared } from "../../src/server/shared.ts";
import type { ServeObserver } from "../../src/call/observer.ts";
import type { OutcomeStore } from "../../src/store/outcome_store.ts";
import type { Capabilities } from "../../src/transport/transport.ts";
import { FakePartition } from "./deliveries.ts";
import { FakeTransport, type SentTo } from "./fake_transport.ts";
import { ManualClock } from "./manual_clock.ts";

/** A contract with one method of each promise. */
export const contract = defineService("test.Service", {
  run: method<string, string>(),
  again: method<string, string>({ idempotent: true }),
});

/** The replies in what was sent to an address. */
export function repliesIn({ message }: SentTo): readonly Reply[] {
  const { headers, body } = message;
  const entries = headers.get(HEADER.kind) === "pack" ? decodePack(body) : [{ headers, body }];
  return entries.flatMap((entry) => readReply(headers, entry.headers, entry.body) ?? []);
}

/** What a reply says: `ok`, or code and outcome. */
export function answerOf(reply: Reply): string {
  return reply.ok ? "ok" : `${reply.error.code}/${reply.error.outcome}`;
}

/** A request that was stored in its queue again. */
export interface SentAgain {
  readonly id: string;
  readonly attempt: number;
  readonly started: boolean;
  readonly timeoutMs: number;
  readonly delayMs: number;
}

/** What a fixture may differ in. */
export interface FixtureOptions {
  readonly store?: OutcomeStore | undefined;
  readonly observer?: ServeObserver | undefined;
  readonly capabilities?: Partial<Capabilities> | undefined;
}

/** The callee's side of one service on a fake transport, with a mailbox that the test holds. */
export class ServiceFixture {
  readonly clock = new ManualClock();
  readonly wheel = new TimerWheel(this.clock);
  readonly transport = new FakeTransport();
  readonly partition = new FakePartition();
  /** Calls that were handed to a mailbox, in order. */
  readonly mailbox: InboundCall[] = [];
  /** Mailbox room; a delivery beyond it is refused. */
  room = Infinity;
  /** Partitions that the mailboxes were told have ended. */
  readonly released: string[] = [];
  onReleased: () => Promise<void> = () => Promise.resolve();
  readonly parts: ServiceParts;
  readonly shared: Shared;
  readonly intake: PartitionIntake;

  constructor(served: Contract = contract, { store, observer, capabilities }: FixtureOptions = {}) {
    const { transport, clock, wheel } = this;
    transport.capabilities = { ...transport.capabilities, ...capabilities };
    this.parts = { transport, clock, random: () => 0.5, wheel, store, observer };
    const mailboxes = {
      deliver: (call: InboundCall) => {
        if (this.mailbox.length >= this.room) return false;
        this.mailbox.push(call);
        return true;
      },
      onRoom: () => {},
      released: (partition: string) => {
        this.released.push(partition);
        return this.onReleased();
      },
    };
    this.shared = createShared(served, mailboxes, this.parts);
    this.intake = new PartitionIntake(this.partition, this.shared);
  }

  /** All replies sent, in order. */
  get replies(): readonly Reply[] {
    return this.transport.sentTo.flatMap(repliesIn);
  }

  /** What the replies say, in order: `ok`, or code and outcome. */
  get answers(): readonly string[] {
    return this.replies.map(answerOf);
  }

  /** Requests that were stored in their queue again, in order. */
  get sentAgain(): readonly SentAgain[] {
    return this.transport.sent
      .filter(({ message }) => !message.topic.startsWith("%DLQ%"))
      .map(({ message, delayMs }) => {
        const { id, attempt, started, timeoutMs } = readRequest(
          message.headers,
          message.headers,
          message.body,
        );
        return { id, attempt, started: started === true, timeoutMs, delayMs: delayMs ?? 0 };
      });
  }

  /** The reasons of the dead letters stored, in order. */
  get deadLetters(): readonly string[] {
    return this.transport.sent
      .filter(({ message }) => message.topic.startsWith("%DLQ%"))
      .map(({ message }) => unescapeHeader(message.headers.get(HEADER.dead) ?? ""));
  }

  /** Claims, starts and answers a call as a cell does. */
  run(call: InboundCall | undefined, output: unknown = "done"): boolean {
    return this.end(call, { ok: true, output });
  }

  /** The same with any result. */
  end(call: InboundCall | undefined, result: Result): boolean {
    if (call === undefined || !call.claim()) return false;
    void call.started();
    call.settle(result);
    return true;
  }
}
