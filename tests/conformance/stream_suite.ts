import type { CallTest } from "./call_suite.ts";
import { endingTests } from "./stream_ending.ts";
import { readingTests } from "./stream_reading.ts";
import { stoppingTests } from "./stream_stopping.ts";
import { surroundingsTests } from "./stream_surroundings.ts";

/** What a stream does on every transport. */
export function streams(test: CallTest): void {
  readingTests(test);
  endingTests(test);
  stoppingTests(test);
  surroundingsTests(test);
}
