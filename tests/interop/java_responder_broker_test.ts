/** Our proxies against responders on the official Java client, on a real broker. */
import { startJava } from "./java.ts";
import { testResponses } from "./responder_suite.ts";

testResponses({
  name: "Java",
  start: (nameServer, topic, group) => startJava("Responder", [nameServer, topic, group]),
});
