import process from "node:process";
import { type Client, createSystem, embedded } from "rocket-actors";
import { bodyOf, type Echo, echoContract } from "../broker/contract.ts";
import { Durations, percentile } from "../broker/percentiles.ts";

/** What one window of calls has shown. */
export interface Window {
  readonly callsPerSecond: number;
  /** Processor time of the whole process per call, the threads of the garbage collector included. */
  readonly cpuUs: number;
  readonly p50Us: number;
}

/** One system that serves an echo and calls it: both ends in one process, bodies as bytes in between. */
export class Calls implements AsyncDisposable {
  readonly #stop: () => Promise<void>;
  readonly #echo: Client<Echo>["echo"];
  readonly #body: ReturnType<typeof bodyOf>;

  private constructor(echo: Client<Echo>["echo"], body: number, stop: () => Promise<void>) {
    this.#echo = echo;
    this.#body = bodyOf(1, body);
    this.#stop = stop;
  }

  /** @param body bytes of the JSON that travels, in either direction */
  static async start(body: number): Promise<Calls> {
    const contract = echoContract("bench.Echo", "ours");
    const system = await createSystem({ name: "bench", transport: embedded() });
    await system.serve(contract, { echo: (input) => input });
    const { echo } = system.client(contract);
    return new Calls(echo, body, () => system.close());
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
    return {
      callsPerSecond: calls / tookMs * 1_000,
      cpuUs: (user + system) / calls,
      p50Us: percentile(durations.sorted(), 0.5) * 1_000,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stop();
  }
}
