import type { OutcomeStore } from "../../src/store/outcome_store.ts";
import type { Delivery, Sink, Transport } from "../../src/transport/transport.ts";

/** What happens at some steps instead of what ought to. Whatever is left out goes on as it is. */
export interface Interference {
  /** The request is sent. */
  send?(forward: () => ReturnType<Transport["send"]>): ReturnType<Transport["send"]>;
  /** A message is delivered. */
  deliver?(forward: () => void): void;
  /** A start is recorded. */
  started?(forward: () => Promise<void>): Promise<void>;
  /** A reply is sent. */
  sendTo?(forward: () => Promise<void>): Promise<void>;
  /** A message is settled. */
  ack?(forward: () => void): void;
}

/** The same transport, interfered with. */
export function wrapped(transport: Transport, at: Interference): Transport {
  const subscribe: Transport["subscribe"] = (topic, sink, options) =>
    transport.subscribe(topic, wrappedSink(sink, at), options);
  const send: Transport["send"] = (message, options) => {
    const forward = () => transport.send(message, options);
    return at.send === undefined ? forward() : at.send(forward);
  };
  const sendTo: Transport["sendTo"] = (address, message, options) => {
    const forward = () => transport.sendTo(address, message, options);
    return at.sendTo === undefined ? forward() : at.sendTo(forward);
  };
  return new Proxy(transport, {
    get(target, property) {
      if (property === "subscribe") return subscribe;
      if (property === "send") return send;
      if (property === "sendTo") return sendTo;
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

function wrappedSink(sink: Sink, at: Interference): Sink {
  return {
    assigned: (partition) => sink.assigned(partition),
    revoked: (partition) => sink.revoked(partition),
    lost: (partition, reason) => sink.lost(partition, reason),
    deliver: (partition, delivery) => {
      const forward = () => sink.deliver(partition, wrappedDelivery(delivery, at));
      if (at.deliver === undefined) forward();
      else at.deliver(forward);
    },
  };
}

function wrappedDelivery(delivery: Delivery, at: Interference): Delivery {
  const started = () => delivery.started();
  const ack = () => delivery.ack();
  return {
    ...delivery,
    started: () => at.started === undefined ? started() : at.started(started),
    ack: () => at.ack === undefined ? ack() : at.ack(ack),
  };
}

/** One instance's connection to a shared store. It dies with its instance: then nothing is asked or answered. */
export class StoreConnection implements OutcomeStore {
  readonly #store: OutcomeStore;
  #dead = false;
  /** Told when something has begun, before the asker is. */
  begun: () => void = () => {};
  /** Told when an outcome is remembered, before the asker is. */
  finished: () => void = () => {};

  constructor(store: OutcomeStore) {
    this.#store = store;
  }

  die(): void {
    this.#dead = true;
  }

  find: OutcomeStore["find"] = (work) => this.#ask(() => this.#store.find(work));
  renew: OutcomeStore["renew"] = (claims, leaseMs) => this.#ask(() => this.#store.renew(claims, leaseMs));
  release: OutcomeStore["release"] = (claim) => this.#ask(() => this.#store.release(claim));
  begin: OutcomeStore["begin"] = (work, options) =>
    this.#ask(() => this.#store.begin(work, options), this.begun);
  finish: OutcomeStore["finish"] = (claim, outcome) =>
    this.#ask(() => this.#store.finish(claim, outcome), this.finished);

  async #ask<T>(ask: () => Promise<T>, then: () => void = () => {}): Promise<T> {
    if (!this.#dead) {
      const answer = await ask();
      then();
      if (!this.#dead) return answer;
    }
    return new Promise(() => {});
  }
}
