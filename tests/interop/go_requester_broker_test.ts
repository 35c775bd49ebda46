/** The official Go client's `Request()` against our services, on a real broker. */
import { startGo } from "./go.ts";
import { type Language, testEntityRequests, testRequests } from "./requester_suite.ts";

const LANGUAGE: Language = {
  name: "Go",
  start: (nameServer, topic) => startGo("requester", [nameServer, topic]),
  // Where the topic exists, 2.1.2 sends its heartbeats one second after its start and then every 30 s only: documented.
  losesFirstReplies: true,
  // It writes whole seconds down, and below one nothing: then the method's own timeout counts.
  timeouts: [[2_500, 2_000], [1_000, 1_000], [900, 7_000]],
};

testRequests(LANGUAGE);
testEntityRequests(LANGUAGE);
