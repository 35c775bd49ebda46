import { parseArgs } from "node:util";
import { positive, whole } from "../flags.ts";

/** What a run does. */
export interface Settings {
  /** Offered load in multiples of what the handlers can do. */
  readonly factor: number;
  /** Seconds of overload; before it comes a while at half of the capacity, and after it another one. */
  readonly seconds: number;
  /** Seconds of either while. */
  readonly calmSeconds: number;
  /** What a handler takes, in milliseconds. */
  readonly serviceMs: number;
  /** Handlers at once. */
  readonly concurrency: number;
  /** Deadline of the calls, in milliseconds. */
  readonly timeoutMs: number;
  /** What a call must have left to be started, in milliseconds. */
  readonly minRemainingMs: number;
  /** Where calls travel. */
  readonly transport: "embedded" | "remoting";
}

/** How the program is called. */
export const USAGE = `Offers a service more calls than it can serve, and shows what becomes of them.

  deno task bench:overload [--transport embedded|remoting] [--factor 10] [--seconds 60] [--calm-seconds 5]
                           [--service-ms 100] [--concurrency 8] [--timeout-ms 6000] [--min-remaining-ms 300]

The capacity is concurrency / service time: 80 calls/s by default. With remoting a RocketMQ is started, unless
ROCKET_ACTORS_NAME_SERVER names one.`;

/**
 * Reads the flags.
 *
 * @throws {TypeError} on an unknown flag or transport
 * @throws {RangeError} on a number that makes no sense
 */
export function settingsFrom(args: readonly string[]): Settings {
  const { values } = parseArgs({
    args: [...args],
    options: {
      "transport": { type: "string", default: "embedded" },
      "factor": { type: "string", default: "10" },
      "seconds": { type: "string", default: "60" },
      "calm-seconds": { type: "string", default: "5" },
      "service-ms": { type: "string", default: "100" },
      "concurrency": { type: "string", default: "8" },
      "timeout-ms": { type: "string", default: "6000" },
      "min-remaining-ms": { type: "string", default: "300" },
    },
  });
  const { transport } = values;
  if (transport !== "embedded" && transport !== "remoting") {
    throw new TypeError(`--transport is "${transport}"; it has to be "embedded" or "remoting"`);
  }
  const timeoutMs = whole("timeout-ms", values["timeout-ms"], 1);
  const minRemainingMs = whole("min-remaining-ms", values["min-remaining-ms"], 0);
  if (minRemainingMs >= timeoutMs) {
    throw new RangeError(`--min-remaining-ms is "${minRemainingMs}"; it has to be below --timeout-ms`);
  }
  return {
    factor: positive("factor", values.factor),
    seconds: positive("seconds", values.seconds),
    calmSeconds: positive("calm-seconds", values["calm-seconds"]),
    serviceMs: whole("service-ms", values["service-ms"], 1),
    concurrency: whole("concurrency", values.concurrency, 1),
    timeoutMs,
    minRemainingMs,
    transport,
  };
}
