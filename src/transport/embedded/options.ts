import type { Clock } from "../../async/clock.ts";
import {
  REDELIVER_AFTER_MS,
  RETAINED_BYTES,
  RETAINED_MESSAGES,
  RETAINED_MS,
  TAKEOVER_GRACE_MS,
} from "./defaults.ts";

/** How an embedded broker behaves. */
export interface EmbeddedBrokerOptions {
  /**
   * Keeps everything in this SQLite file, which is made where there is none: what was acknowledged survives the end of
   * the process, in whichever way it ends. One broker at a time can have it open; systems of a process share a broker.
   * Default: in memory only.
   */
  readonly file?: string | undefined;
  /**
   * Who remembers what is settled: `offset` as RocketMQ's classic consumers (a queue has one owner and one committed
   * offset), `perMessage` as POP and gRPC consumers (everyone takes from every queue, and each message is settled by
   * itself). Default: `offset`.
   */
  readonly ownership?: "offset" | "perMessage" | undefined;
  /** Messages it keeps, settled ones included: when they are all unsettled, sends are refused. Default: 100,000. */
  readonly retainedMessages?: number | undefined;
  /** Bytes of messages it keeps, settled ones included. Default: 256 MiB. */
  readonly retainedBytes?: number | undefined;
  /** How long it keeps a settled message, in milliseconds. Default: 3,600,000. */
  readonly retainedMs?: number | undefined;
  /** With `offset`: how long a dead owner must be gone before its queues go to others, in milliseconds. Default: 3,000. */
  readonly takeoverGraceMs?: number | undefined;
  /** With `perMessage`: how long a message that is delivered and not settled stays invisible. Default: 30,000. */
  readonly redeliverAfterMs?: number | undefined;
  /**
   * Where its time comes from. Default: the clock of the first system or client that uses it; with a file the machine's.
   */
  readonly clock?: Clock | undefined;
}

/** The same, checked and filled in. */
export interface BrokerSettings {
  readonly file: string | undefined;
  readonly ownership: "offset" | "perMessage";
  readonly retainedMessages: number;
  readonly retainedBytes: number;
  readonly retainedMs: number;
  readonly takeoverGraceMs: number;
  readonly redeliverAfterMs: number;
  readonly clock: Clock | undefined;
}

/**
 * Checks options and fills in what they leave out.
 *
 * @throws {TypeError} on an unknown ownership, or a file that is no path
 * @throws {RangeError} on a number out of its range
 */
export function brokerSettings(options: EmbeddedBrokerOptions): BrokerSettings {
  const { ownership = "offset", clock, file } = options;
  if (file !== undefined && (typeof file !== "string" || file === "" || file === ":memory:")) {
    throw new TypeError(
      `Cannot use 'file': it must be the path of a file; leave it out to keep everything in memory: current value is ${
        JSON.stringify(file)
      }`,
    );
  }
  if (ownership !== "offset" && ownership !== "perMessage") {
    throw new TypeError(
      `Cannot use 'ownership': it must be "offset" or "perMessage": current value is ${
        JSON.stringify(ownership)
      }`,
    );
  }
  return {
    ownership,
    clock,
    file,
    retainedMessages: wholeFrom(1, "retainedMessages", options.retainedMessages ?? RETAINED_MESSAGES),
    retainedBytes: wholeFrom(1, "retainedBytes", options.retainedBytes ?? RETAINED_BYTES),
    retainedMs: wholeFrom(0, "retainedMs", options.retainedMs ?? RETAINED_MS),
    takeoverGraceMs: wholeFrom(0, "takeoverGraceMs", options.takeoverGraceMs ?? TAKEOVER_GRACE_MS),
    redeliverAfterMs: wholeFrom(1, "redeliverAfterMs", options.redeliverAfterMs ?? REDELIVER_AFTER_MS),
  };
}

function wholeFrom(least: number, name: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new RangeError(
    `Cannot use '${name}': it must be a whole number from ${least}: current value is ${value}`,
  );
}
