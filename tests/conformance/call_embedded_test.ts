import { embedded } from "rocket-actors";
import { MemoryBroker } from "../../src/transport/embedded/broker.ts";
import { callSuite } from "./call_suite.ts";

for (const ownership of ["offset", "perMessage"] as const) {
  callSuite(`embedded, ${ownership}`, () => {
    const broker = new MemoryBroker({ ownership });
    return Promise.resolve({
      transport: () => embedded(broker),
      declarePlan: (topic, number, queues) => Promise.resolve(broker.declare(topic, number, queues)),
      [Symbol.asyncDispose]: () => Promise.resolve(broker.close()),
    });
  });
}
