import { embedded, embeddedBroker } from "rocket-actors";
import { callSuite } from "./call_suite.ts";

for (const ownership of ["offset", "perMessage"] as const) {
  callSuite(`embedded, ${ownership}`, () => {
    const broker = embeddedBroker({ ownership });
    return Promise.resolve({
      transport: () => embedded(broker),
      [Symbol.asyncDispose]: () => Promise.resolve(broker.close()),
    });
  });
}
