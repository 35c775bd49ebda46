import type { Delivery, Sink, Transport } from "rocket-actors";

/** What is watched, and what is made to go wrong. */
export interface Observation {
  /** Told right before a start is recorded. */
  asked(delivery: Delivery): void;
  /** Told why a queue was lost. */
  lost(reason: string): void;
  /** Settles nothing: as if the process always died between reply and acknowledgement. */
  readonly dropAcks: boolean;
}

/** The same transport with its deliveries watched. */
export function observed(transport: Transport, observation: Observation): Transport {
  const subscribe: Transport["subscribe"] = (topic, sink, options) =>
    transport.subscribe(topic, observedSink(sink, observation), options);
  return new Proxy(transport, {
    get(target, property) {
      if (property === "subscribe") return subscribe;
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

function observedSink(sink: Sink, { asked, lost, dropAcks }: Observation): Sink {
  return {
    assigned: (partition) => sink.assigned(partition),
    revoked: (partition) => sink.revoked(partition),
    lost: (partition, reason) => {
      lost(reason);
      sink.lost(partition, reason);
    },
    deliver: (partition, delivery) =>
      sink.deliver(partition, {
        ...delivery,
        started: () => {
          asked(delivery);
          return delivery.started();
        },
        ack: () => dropAcks || delivery.ack(),
      }),
  };
}
