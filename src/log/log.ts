import { getLogger, type Logger } from "../deps/logtape.ts";

/** The root category of everything this library logs. Configure LogTape for it to see anything. */
export const LOG_ROOT = "rocket-actors";

/**
 * The logger of one part, under the category `["rocket-actors", ...part]`. Silent until the application
 * configures LogTape; properties are data, the message is one of the texts in `events.ts`.
 */
export function logger(...part: readonly string[]): Logger {
  return getLogger([LOG_ROOT, ...part]);
}
