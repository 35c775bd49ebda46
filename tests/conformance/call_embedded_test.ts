import { embedded } from "rocket-actors";
import { MemoryBroker } from "../../src/transport/embedded/broker.ts";
import { TemporaryFile } from "../helpers/temporary_file.ts";
import { callSuite } from "./call_suite.ts";

for (const durable of [false, true]) {
  for (const ownership of ["offset", "perMessage"] as const) {
    callSuite(`embedded${durable ? " with a file" : ""}, ${ownership}`, () => {
      const file = durable ? new TemporaryFile() : undefined;
      const broker = new MemoryBroker({ ownership, file: file?.path });
      return Promise.resolve({
        transport: () => embedded(broker),
        declarePlan: (topic, number, queues) => Promise.resolve(broker.declare(topic, number, queues)),
        [Symbol.asyncDispose]: () => {
          broker.close();
          return Promise.resolve(file?.[Symbol.dispose]());
        },
      });
    });
  }
}
