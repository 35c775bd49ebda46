import { remoting } from "rocket-actors/transport/remoting";
import { sharedNameServer } from "../broker/shared.ts";
import { remotingFixture } from "./call_remoting_fixture.ts";
import { callSuite } from "./call_suite.ts";

for (const replies of ["push", "topic"] as const) {
  callSuite(`remoting, replies by ${replies}`, () => {
    const nameServers = sharedNameServer();
    return remotingFixture(nameServers, () => remoting({ nameServers, replies }));
  });
}
