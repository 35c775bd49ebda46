import { systemClock, type Timer } from "../../src/async/clock.ts";
import { systemRandom } from "../../src/async/random.ts";
import { logger } from "../../src/log/log.ts";
import { Answers } from "../../src/server/answers.ts";
import { openDelivery, Unreadable } from "../../src/server/open.ts";
import type { CallFacts } from "../../src/server/call_facts.ts";
import { type CallOwner, ReceivedCall } from "../../src/server/received_call.ts";
import { Receiver } from "../../src/server/receiver.ts";
import { Replier } from "../../src/server/replier.ts";
import { DuplicateWindow } from "../../src/server/window.ts";
import type { Delivery } from "../../src/transport/transport.ts";
import { FakeTransport } from "../../tests/helpers/fake_transport.ts";
import { ByteBudget } from "../../actors/cells/byte_budget.ts";
import { Cell } from "../../actors/cells/cell.ts";
import type { CellHost } from "../../actors/cells/cell_host.ts";
import { FifoMailbox } from "../../actors/cells/mailbox.ts";
import { RunWatch } from "../../actors/cells/run_watch.ts";
import { Turns } from "../../actors/cells/turns.ts";
import { deliveryOf, type Material } from "./material.ts";
import type { Stop } from "./stop.ts";

const MAX_BODY_BYTES = 3 * 1024 * 1024;
const ABANDON_AFTER_MS = 5_000;

/** The stops of a call at its callee, from the delivery to the reply. */
export function calleeStops(
  material: Material,
): readonly [open: Stop, handle: Stop, answer: Stop, reply: Stop] {
  const parts = new CalleeParts(material);
  return [open(material, parts), handle(material, parts), answer(material, parts), reply(material)];
}

/** What a service consists of that these stops belong to. */
class CalleeParts implements CallOwner {
  readonly receiver: Receiver;
  readonly answers: Answers;
  readonly window: DuplicateWindow = new DuplicateWindow(systemClock);
  readonly cell: Cell;
  readonly #material: Material;
  concluded = 0;

  constructor(material: Material) {
    const { contract } = material;
    this.#material = material;
    const after = (ms: number, callback: () => void) => this.after(ms, callback);
    this.receiver = new Receiver(contract, after);
    this.answers = new Answers(contract, MAX_BODY_BYTES, after);
    const host: CellHost = {
      contract,
      instance: "bench/1",
      clock: systemClock,
      random: systemRandom,
      interceptors: [],
      // Turns are the event loop's, and no cost of a call.
      turns: new Turns(Infinity),
      budget: new ByteBudget(MAX_BODY_BYTES),
      log: (properties) => logger("handler").with(properties),
      client: () => {
        throw new TypeError("The echo calls nobody");
      },
    };
    this.cell = new Cell({
      address: "bench.Echo/echo",
      handler: (input) => input,
      concurrency: 16,
      mailbox: new FifoMailbox({ maxCalls: 1_024, maxBytes: MAX_BODY_BYTES, budget: host.budget }, () => {}),
      host,
      watch: new RunWatch(systemClock, ABANDON_AFTER_MS),
    });
  }

  /** Opens a message as its partition does, and decodes the inputs. */
  facts(delivery: Delivery): CallFacts[] {
    const facts: CallFacts[] = [];
    for (const opened of openDelivery(delivery, this.#material.contract)) {
      if (opened instanceof Unreadable) throw opened.error;
      const now = systemClock.now();
      const deadlineMs = this.receiver.deadline(opened.request, delivery, now);
      const received = this.receiver.receive(opened, delivery, deadlineMs, now);
      if (received.kind !== "call") throw new Error(`The request is ${received.kind}`);
      facts.push(received.facts);
    }
    return facts;
  }

  nowMs(): number {
    return systemClock.now();
  }
  held(): boolean {
    return true;
  }
  after(ms: number, callback: () => void): Timer {
    return this.#material.wheel.schedule(ms, callback);
  }
  conclude(call: ReceivedCall): void {
    call.seen.answered(this.#material.reply(call.facts.request));
    this.concluded++;
  }
}

async function deliveries(material: Material, messages: number, calls: number): Promise<Delivery[]> {
  const made: Delivery[] = [];
  for (let left = messages; left > 0; left--) {
    made.push(deliveryOf(await material.requestMessage(material.requests(calls))));
  }
  return made;
}

function open(material: Material, parts: CalleeParts): Stop {
  const prepare = async (messages: number, calls: number) => {
    const received = await deliveries(material, messages, calls);
    return () => {
      for (const delivery of received) parts.facts(delivery);
    };
  };
  return { name: "message opened, input decoded", prepare };
}

function handle(material: Material, parts: CalleeParts): Stop {
  const prepare = async (messages: number, calls: number) => {
    const received = await deliveries(material, messages, calls);
    const facts = received.flatMap((delivery) => parts.facts(delivery));
    return () => {
      const before = parts.concluded;
      for (const one of facts) {
        parts.cell.deliver(new ReceivedCall(one, parts.window.enter(one.request.id), parts));
      }
      if (parts.concluded - before !== facts.length) throw new Error("A call was not answered");
    };
  };
  return { name: "duplicate window, mailbox, cell, handler", prepare };
}

function answer(material: Material, parts: CalleeParts): Stop {
  const prepare = async (messages: number, calls: number) => {
    const received = await deliveries(material, messages, calls);
    const facts = received.flatMap((delivery) => parts.facts(delivery));
    return () => {
      for (const one of facts) void parts.answers.toReply(one, { ok: true, output: one.input });
    };
  };
  return { name: "output encoded", prepare };
}

function reply(material: Material): Stop {
  const prepare = (messages: number, calls: number) => {
    const replier = new Replier(new FakeTransport(), systemClock, systemRandom);
    const near = deliveryOf({
      topic: "bench.Echo",
      tag: "echo",
      keys: [],
      headers: new Map(),
      body: material.body,
    });
    const batches = Array.from({ length: messages }, () => {
      return material.requests(calls).map((request) => ({
        reply: material.reply(request),
        to: request.replyTo,
      }));
    });
    return async () => {
      for (const batch of batches) {
        const { promise, resolve } = Promise.withResolvers<void>();
        let left = batch.length;
        const done = () => {
          if (--left === 0) resolve();
        };
        for (const { reply, to: replyTo } of batch) {
          replier.send({ reply, method: "echo", replyTo, plain: undefined, near, untilMs: Infinity, done });
        }
        await promise;
      }
    };
  };
  return { name: "replier, reply message", prepare };
}
