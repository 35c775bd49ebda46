import { remoting } from "rocket-actors/transport/remoting";
import { sharedNameServer } from "../broker/shared.ts";
import { callSuite } from "./call_suite.ts";

for (const replies of ["push", "topic"] as const) {
  callSuite(`remoting, replies by ${replies}`, () =>
    Promise.resolve({
      transport: () => remoting({ nameServers: sharedNameServer(), replies }),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    }));
}
