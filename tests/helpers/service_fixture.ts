import type { InboundCall } from "../../src/call/inbound.ts";
import { TimerWheel } from "../../src/async/timer_wheel.ts";
import { json } from "../../src/codec/json.ts";
import { defineService } from "../../src/contract/define.ts";
import { method } from "../../src/contract/method.ts";
import { HEADER } from "../../src/envelope/headers.ts";
import { decodePack } from "../../src/envelope/pack.ts";
import { readReply, type Reply } from "../../src/envelope/reply.ts";
import { DeadLetters } from "../../src/server/dead_letters.ts";
import { PartitionIntake } from "../../src/server/partition_intake.ts";
import { Receiver } from "../../src/server/receiver.ts";
import { Replier } from "../../src/server/replier.ts";
import type { Shared } from "../../src/server/shared.ts";
import { Suspects } from "../../src/server/suspects.ts";
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
  readonly shared: Shared;
  readonly intake: PartitionIntake;

  constructor() {
    const { transport, clock, wheel } = this;
    const random = () => 0.5;
    this.shared = {
      parts: { transport, codec: json, clock, random, wheel },
      receiver: new Receiver(contract, json),
      replier: new Replier(transport, clock, random),
      deadLetters: new DeadLetters(transport, clock, random, "%DLQ%rpc-test-Service"),
      suspects: new Suspects(transport),
      deliver: (call) => {
        if (this.mailbox.length >= this.room) return false;
        this.mailbox.push(call);
        return true;
      },
      counts: { expiredUnanswered: 0, duplicates: 0, foundAgain: 0 },
    };
    this.intake = new PartitionIntake(this.partition, this.shared);
  }

  /** All replies sent, in order. */
  get replies(): readonly Reply[] {
    return this.transport.sentTo.flatMap(repliesIn);
  }

  /** Claims, starts and answers a call as a cell does. */
  run(call: InboundCall | undefined, output: unknown = "done"): boolean {
    if (call === undefined || !call.claim()) return false;
    void call.started();
    call.settle({ ok: true, output });
    return true;
  }
}
