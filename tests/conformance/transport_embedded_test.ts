import type { Capabilities } from "rocket-actors";
import { MemoryBroker } from "../../src/transport/embedded/broker.ts";
import { embedded } from "../../src/transport/embedded/mod.ts";
import { TemporaryFile } from "../helpers/temporary_file.ts";
import type { TransportFixture } from "./transport_stage.ts";
import { transportSuite } from "./transport_suite.ts";

/** Longer than a slow machine takes from one step of a test to the next. */
const REDELIVER_AFTER_MS = 4_000;

function open(ownership: Capabilities["ownership"], durable: boolean): TransportFixture {
  const file = durable ? new TemporaryFile() : undefined;
  const broker = new MemoryBroker({ ownership, redeliverAfterMs: REDELIVER_AFTER_MS, file: file?.path });
  return {
    capabilities: {
      ownership,
      ownedPartitions: ownership === "offset",
      orderedKeys: true,
      delayMs: 259_200_000,
      durable,
      storedReplies: true,
      presence: true,
      maxBodyBytes: 3 * 1024 * 1024,
    },
    transport: () => embedded(broker),
    unreachable: () => {
      const closed = new MemoryBroker();
      closed.close();
      return embedded(closed);
    },
    storeDamaged: async (queue) => {
      const body = Uint8Array.of(1);
      const stored = { topic: queue.topic, tag: "run", keys: [], headers: new Map(), body };
      const { offset = -1 } = await broker.append(stored, queue);
      broker.damage(queue, offset, "as if the disk were bad");
    },
    declarePlan: (topic, number, queues) => Promise.resolve(broker.declare(topic, number, queues)),
    lose: ({ instance }) => broker.forgetLocks(instance.toString(36)),
    [Symbol.asyncDispose]: () => {
      broker.close();
      return Promise.resolve(file?.[Symbol.dispose]());
    },
  };
}

for (const durable of [false, true]) {
  for (const ownership of ["offset", "perMessage"] as const) {
    transportSuite({
      name: `embedded${durable ? " with a file" : ""}, ${ownership}`,
      ownership,
      choosesQueues: true,
      latenessMs: 5_000,
      open: () => Promise.resolve(open(ownership, durable)),
    });
  }
}
