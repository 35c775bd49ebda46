/** The official Java client's `request()` against our services, on a real broker. */
import { startJava } from "./java.ts";
import { type Language, testEntityRequests, testRequests } from "./requester_suite.ts";

const LANGUAGE: Language = {
  name: "Java",
  start: (nameServer, topic) => startJava("Requester", [nameServer, topic]),
  // Below a second its milliseconds look like Go's seconds: documented.
  timeouts: [[2_500, 2_500], [1_000, 1_000], [900, 900_000]],
};

testRequests(LANGUAGE);
testEntityRequests(LANGUAGE);
