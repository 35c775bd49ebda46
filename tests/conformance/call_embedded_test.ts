import { embedded } from "rocket-actors";
import { MemoryBroker } from "../../src/transport/embedded/broker.ts";
import type { EmbeddedBrokerOptions } from "../../src/transport/embedded/options.ts";
import { TemporaryFile } from "../helpers/temporary_file.ts";
import { callSuite } from "./call_suite.ts";

function suite(name: string, ownership: EmbeddedBrokerOptions["ownership"], durable: boolean): void {
  callSuite(name, () => {
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

suite("embedded, offset", "offset", false);
suite("embedded, perMessage", "perMessage", false);
// With a file the other one has the suite of transports.
suite("embedded with a file, offset", "offset", true);
