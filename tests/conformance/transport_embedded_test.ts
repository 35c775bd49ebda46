import type { Capabilities } from "rocket-actors";
import { MemoryBroker } from "../../src/transport/embedded/broker.ts";
import { embedded } from "../../src/transport/embedded/mod.ts";
import { transportSuite } from "./transport_suite.ts";

for (const ownership of ["offset", "perMessage"] as const) {
  const capabilities: Capabilities = {
    ownership,
    ownedPartitions: ownership === "offset",
    orderedKeys: true,
    delayMs: 259_200_000,
    durable: false,
    storedReplies: true,
    presence: true,
    maxBodyBytes: 3 * 1024 * 1024,
  };
  transportSuite({
    name: `embedded, ${ownership}`,
    ownership,
    choosesQueues: true,
    latenessMs: 1_000,
    open: () => {
      const broker = new MemoryBroker({ ownership, redeliverAfterMs: 1_500 });
      return Promise.resolve({
        capabilities,
        transport: () => embedded(broker),
        unreachable: () => {
          const closed = new MemoryBroker();
          closed.close();
          return embedded(closed);
        },
        storeDamaged: (queue) => {
          const body = Uint8Array.of(1);
          const stored = { topic: queue.topic, tag: "run", keys: [], headers: new Map(), body };
          const { offset = -1 } = broker.append(stored, queue);
          broker.damage(queue, offset, "as if the disk were bad");
          return Promise.resolve();
        },
        declarePlan: (topic, number, queues) => Promise.resolve(broker.declare(topic, number, queues)),
        lose: ({ instance }) => broker.forgetLocks(instance.toString(36)),
        [Symbol.asyncDispose]: () => Promise.resolve(broker.close()),
      });
    },
  });
}
