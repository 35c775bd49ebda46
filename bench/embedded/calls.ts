import process from "node:process";
import { type Body, bodyOf } from "../broker/contract.ts";
import { type Figure, figureOf } from "../broker/figure.ts";
import { Durations, percentiles } from "../broker/percentiles.ts";
import type { EmbeddedPeer } from "./peers.ts";

/** What one window of calls has shown. */
export interface Window {
  readonly callsPerSecond: number;
  /** Processor time of the whole process per call, the threads of the garbage collector included. */
  readonly cpuUs: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly p999Us: number;
}

/** One peer that serves an echo and calls it, both in this process. */
export class Calls implements AsyncDisposable {
  readonly #echo: (body: Body) => Promise<Body>;
  readonly #body: Body;
  readonly #stop: () => Promise<void>;

  private constructor(echo: (body: Body) => Promise<Body>, body: number, stop: () => Promise<void>) {
    this.#echo = echo;
    this.#body = bodyOf(1, body);
    this.#stop = stop;
  }

  /** @param body bytes of the JSON that travels, in either direction */
  static async start(peer: EmbeddedPeer, body: number): Promise<Calls> {
    const { echo, stop } = await peer.start();
    return new Calls(echo, body, stop);
  }

  /** Keeps exactly so many calls under way, each followed by the next at once. */
  async measure(inFlight: number, seconds: number): Promise<Window> {
    const durations = new Durations();
    const cpuBefore = process.cpuUsage();
    const begin = performance.now();
    const end = begin + seconds * 1_000;
    const loop = async () => {
      for (let now = performance.now(); now < end;) {
        const output = await this.#echo(this.#body);
        if (output.pad !== this.#body.pad) throw new Error("The echo is not what was sent");
        const after = performance.now();
        durations.add(after - now);
        now = after;
      }
    };
    await Promise.all(Array.from({ length: inFlight }, loop));
    const tookMs = performance.now() - begin;
    const { user, system } = process.cpuUsage(cpuBefore);
    const calls = durations.count;
    const { p50Ms, p99Ms, p999Ms } = percentiles(durations);
    return {
      callsPerSecond: calls / tookMs * 1_000,
      cpuUs: (user + system) / calls,
      p50Us: p50Ms * 1_000,
      p99Us: p99Ms * 1_000,
      p999Us: p999Ms * 1_000,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stop();
  }
}

/** Calls of one peer at one number in flight, over all rounds. */
export interface CallsRow {
  readonly peer: string;
  readonly inFlight: number;
  readonly callsPerSecond: Figure;
  readonly cpuUs: Figure;
  readonly p50Us: Figure;
  readonly p99Us: Figure;
  readonly p999Us: Figure;
}

/** Sums the rounds of one row up. */
export function callsRowOf(peer: string, inFlight: number, windows: readonly Window[]): CallsRow {
  const figure = (of: (window: Window) => number) => figureOf(windows.map(of));
  return {
    peer,
    inFlight,
    callsPerSecond: figure(({ callsPerSecond }) => callsPerSecond),
    cpuUs: figure(({ cpuUs }) => cpuUs),
    p50Us: figure(({ p50Us }) => p50Us),
    p99Us: figure(({ p99Us }) => p99Us),
    p999Us: figure(({ p999Us }) => p999Us),
  };
}
