import { embedded, embeddedBroker } from "rocket-actors";
import { callSuite } from "./call_suite.ts";

callSuite("embedded", () => {
  const broker = embeddedBroker();
  return Promise.resolve({
    transport: () => embedded(broker),
    [Symbol.asyncDispose]: () => Promise.resolve(broker.close()),
  });
});
