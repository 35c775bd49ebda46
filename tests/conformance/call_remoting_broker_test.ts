import { remoting } from "rocket-actors/transport/remoting";
import { sharedNameServer } from "../broker/shared.ts";
import { callSuite } from "./call_suite.ts";

callSuite("remoting", () =>
  Promise.resolve({
    transport: () => remoting({ nameServers: sharedNameServer() }),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }));
