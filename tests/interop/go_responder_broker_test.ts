/** Our proxies against responders on the official Go client, on a real broker. */
import { startGo } from "./go.ts";
import { testResponses } from "./responder_suite.ts";

testResponses({
  name: "Go",
  start: (nameServer, topic, group) => startGo("responder", [nameServer, topic, group]),
});
