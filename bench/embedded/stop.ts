import { median } from "../broker/percentiles.ts";

/** One stop of a call: a part of the product, and what it is given there. */
export interface Stop {
  readonly name: string;
  /**
   * Makes what that many messages of that many calls need.
   *
   * @returns the work that is timed
   */
  prepare(messages: number, calls: number): Work | Promise<Work>;
}

/** What is timed. A promise where the part itself needs turns. */
export type Work = () => void | Promise<void>;

/** Calls that are timed at once: enough for the clock, few enough for their objects to stay young. */
const CALLS_PER_SAMPLE = 1_024;

/**
 * What the stop costs per call, in microseconds: the median of many short samples, so that other processes, which take
 * the processor for milliseconds, are not counted.
 *
 * @param stop the stop
 * @param calls how many calls travel in one message
 * @param ms how long samples are taken, their preparation included
 */
export async function costOf(stop: Stop, calls: number, ms: number): Promise<number> {
  const messages = Math.ceil(CALLS_PER_SAMPLE / calls);
  const samples: number[] = [];
  const end = performance.now() + ms;
  while (performance.now() < end || samples.length < 3) {
    const work = await stop.prepare(messages, calls);
    const begin = performance.now();
    const later = work();
    if (later !== undefined) await later;
    samples.push((performance.now() - begin) * 1_000 / (messages * calls));
  }
  return median(samples);
}
