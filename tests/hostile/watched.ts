import type { Contract } from "rocket-actors";
import { readCancel } from "../../src/envelope/cancel.ts";
import { HEADER } from "../../src/envelope/headers.ts";
import { decodePack } from "../../src/envelope/pack.ts";
import { openDelivery, Unreadable } from "../../src/server/open.ts";
import type { Delivery, Sink, Transport } from "../../src/transport/transport.ts";

/** One call of a message that was delivered. */
interface Found {
  /** `undefined` where it states none that can be read. */
  readonly id: string | undefined;
  /** What its dead letter would be known by. */
  readonly letter: string;
}

/** What a served system has received, and what it did with it. */
export class Watched {
  readonly transport: Transport;
  readonly #contracts: ReadonlyMap<string, Contract>;
  /** Calls that were delivered since the last reckoning. */
  calls: Found[] = [];
  /** Ids of calls that were answered, whether or not somebody was there. */
  readonly answered = new Set<string>();
  /** Ids of calls whose answer no broker takes. */
  readonly undelivered = new Set<string>();
  /** Dead letters: where their message came from, and their key. */
  readonly dead = new Set<string>();
  /** Ids of calls that a cancel has named, ever: a cancel may come before its call. */
  readonly cancelled = new Set<string>();
  /** Cancels that were delivered since the last reckoning. */
  cancels = 0;
  /** Requests that the system itself has stored: sent on to the queue of their key, or copied. */
  resent = 0;
  delivered = 0;
  settled = 0;

  /** @param contracts by topic */
  constructor(transport: Transport, contracts: ReadonlyMap<string, Contract>) {
    this.#contracts = contracts;
    const changed: Pick<Transport, "subscribe" | "send" | "sendTo"> = {
      subscribe: (topic, sink, options) => transport.subscribe(topic, this.#sink(sink), options),
      send: (message, options) =>
        transport.send(message, options).then((receipt) => {
          const origin = message.headers.get(HEADER.origin);
          if (!message.topic.startsWith("%DLQ%")) this.resent++;
          else this.dead.add(`${origin} ${message.keys[0]}`);
          return receipt;
        }),
      sendTo: (address, message, options) =>
        transport.sendTo(address, message, options).then(
          () => message.keys.forEach((key) => this.answered.add(key)),
          (error) => {
            for (const key of message.keys) this.undelivered.add(key);
            throw error;
          },
        ),
    };
    this.transport = new Proxy(transport, {
      get(target, property) {
        if (Object.hasOwn(changed, property)) return Reflect.get(changed, property);
        const value: unknown = Reflect.get(target, property, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  }

  /** Forgets what was seen, but for the numbers. */
  reset(): void {
    this.calls = [];
    this.answered.clear();
    this.undelivered.clear();
    this.dead.clear();
    this.cancels = 0;
  }

  #sink(sink: Sink): Sink {
    return {
      assigned: (partition) => sink.assigned(partition),
      revoked: (partition) => sink.revoked(partition),
      lost: (partition, reason) => sink.lost(partition, reason),
      deliver: (partition, delivery) => {
        this.#look(delivery);
        const ack = () => {
          this.settled++;
          delivery.ack();
        };
        sink.deliver(partition, { ...delivery, started: () => delivery.started(), ack });
      },
    };
  }

  #look(delivery: Delivery): void {
    const { message, queue, offset } = delivery;
    this.delivered++;
    if (message.headers.get(HEADER.kind) === "cancel") {
      this.cancels++;
      this.cancelled.add(readCancel(message.headers) ?? "");
      return;
    }
    const origin = `${queue.topic}/${queue.broker}/${queue.id}/${offset}`;
    const other = message.keys[0] ?? "unknown";
    const contract = this.#contracts.get(queue.topic);
    if (contract === undefined) throw new TypeError(`Nobody serves "${queue.topic}"`);
    try {
      const found = openDelivery(delivery, contract);
      // A pack that is opened is opened whole. Without a version it is a stranger's request, whatever it calls itself.
      const packed = message.headers.has(HEADER.version) && message.headers.get(HEADER.kind) === "pack";
      const calls = packed ? decodePack(message.body).length : 1;
      if (found.length !== calls) this.calls.push({ id: undefined, letter: "a call that was not opened" });
      for (const one of found) {
        const id = one instanceof Unreadable ? one.id : one.request.id;
        this.calls.push({ id, letter: `${origin} ${id ?? other}` });
      }
    } catch {
      this.calls.push({ id: undefined, letter: `${origin} ${other}` });
    }
  }
}
