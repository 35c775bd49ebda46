import { systemClock } from "../../src/async/clock.ts";
import { systemRandom } from "../../src/async/random.ts";
import { embedded, embeddedBroker } from "../../src/transport/embedded/mod.ts";
import type { Delivery, Partition, Sink, Transport } from "../../src/transport/transport.ts";
import type { Material } from "./material.ts";
import type { Stop } from "./stop.ts";

const TOPIC = "bench.Echo";
/** Few, so that old ones are dropped as in a process that has been running for a while. */
const RETAINED = 10_000;

/** The stops of a call on the embedded broker, and what closes it. */
export interface BrokerStops {
  readonly send: Stop;
  readonly deliver: Stop;
  readonly reply: Stop;
  close(): Promise<void>;
}

/** Connects to a broker of its own. */
export async function brokerStops(material: Material): Promise<BrokerStops> {
  const broker = embeddedBroker({ retainedMessages: RETAINED });
  const transport = embedded(broker);
  await transport.start({ clock: systemClock, random: systemRandom, instance: 1 });
  await transport.ensureTopics([{ topic: TOPIC, queues: 1, group: TOPIC }]);
  const receiver = new Receiver();
  await transport.subscribe({ topic: TOPIC, group: TOPIC }, receiver);
  return {
    send: send(material, transport, receiver),
    deliver: deliver(material, transport, receiver),
    reply: reply(material, transport),
    close: async () => {
      await transport.close();
      broker.close();
    },
  };
}

function send(material: Material, transport: Transport, receiver: Receiver): Stop {
  const prepare = async (messages: number, calls: number) => {
    await receiver.all();
    const message = await material.requestMessage(material.requests(calls));
    const [queue] = await transport.queues(TOPIC);
    if (queue === undefined) throw new Error("The topic has no queue");
    return async () => {
      for (let left = messages; left > 0; left--) await transport.send(message, { queue });
      receiver.stored += messages;
    };
  };
  return { name: "embedded send", prepare };
}

function deliver(material: Material, transport: Transport, receiver: Receiver): Stop {
  const { prepare: store } = send(material, transport, receiver);
  const prepare = async (messages: number, calls: number) => {
    const work = await store(messages, calls);
    await work();
    return () => receiver.all();
  };
  return { name: "embedded delivery, start and settlement", prepare };
}

function reply(material: Material, transport: Transport): Stop {
  const prepare = async (messages: number, calls: number) => {
    const message = await material.replyMessage(material.requests(calls));
    return async () => {
      for (let left = messages; left > 0; left--) await transport.sendTo(transport.addresses.reply, message);
    };
  };
  return { name: "embedded reply", prepare };
}

/** Takes messages only when it is asked to, and settles them at once. */
class Receiver implements Sink {
  /** Messages that were stored and not taken. */
  stored = 0;
  #partition: Partition | undefined;
  #taken: (() => void) | undefined;

  /** Takes all that were stored. */
  all(): Promise<void> {
    if (this.stored === 0) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#taken = resolve;
    this.#partition?.demand(this.stored);
    return promise;
  }

  assigned(partition: Partition): void {
    this.#partition = partition;
  }

  deliver(_partition: Partition, delivery: Delivery): void {
    void delivery.started();
    delivery.ack();
    if (--this.stored === 0) this.#taken?.();
  }

  revoked(): Promise<void> {
    return Promise.resolve();
  }

  lost(): void {}
}
