import { type Fault, textOfFault } from "./faults.ts";
import { World, type WorldOptions } from "./world.ts";

/** How a scenario is played. */
export interface SimulationOptions extends WorldOptions {
  /** How much time may pass in the world, in milliseconds. Default: 3,600,000, an hour. */
  readonly limitMs?: number | undefined;
}

/** How a scenario went. */
export interface Played<T> {
  /** What it resolved to. */
  readonly value: T;
  /** Stands for everything that happened: equal where two runs do not differ. */
  readonly digest: string;
  /** Milliseconds of the world that it took. */
  readonly tookMs: number;
}

/** Lines of a trace that an error's text shows. */
const SHOWN_LINES = 60;

/** A scenario failed: what is needed to play it again, and what happened. */
export class SimulationError extends Error {
  /** `SimulationError`. */
  override readonly name: string = "SimulationError";
  /** The seed. */
  readonly seed: number;
  /** What went wrong. */
  readonly faults: readonly Fault[];
  /** What happened, line by line. */
  readonly trace: readonly string[];
  /** Stands for everything that happened. */
  readonly digest: string;

  /** @internal made by {@linkcode simulate} */
  constructor(cause: unknown, { seed, faults = [] }: WorldOptions, { trace }: World) {
    const message = cause instanceof Error ? cause.message : String(cause);
    const lines = trace.lines.slice(-SHOWN_LINES).map((line) => `  ${line}`);
    const list = faults.length === 0 ? ["  none"] : faults.map((fault) => `  ${textOfFault(fault)}`);
    super(
      [
        `Seed ${seed} failed: ${message}`,
        "Faults:",
        ...list,
        `Trace, the last ${lines.length} of ${trace.count} lines:`,
        ...lines,
      ].join("\n"),
      { cause },
    );
    this.seed = seed;
    this.faults = faults;
    this.trace = trace.lines;
    this.digest = trace.digest;
  }
}

/**
 * Plays a scenario in a world of its own, under virtual time: seconds pass in microseconds, and the same seed with the
 * same faults gives the same run, call by call. When the scenario ends, everything in its world is closed, and no timer
 * may be left.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { defineService, method } from "rocket-actors";
 * import { simulate } from "rocket-actors/testing";
 *
 * const Quotes = defineService("bank.Quotes", { fee: method<number, number>({ idempotent: true }) });
 *
 * const faults = [{ kind: "crash", process: "bank", step: "running", nth: 1 }] as const;
 * const { value, tookMs } = await simulate({ seed: 1, faults }, async (world) => {
 *   await world.keep("bank", async (process) => {
 *     const system = await process.system();
 *     await system.serve(Quotes, { fee: async (cents) => (await process.sleep(5), Math.ceil(cents / 100)) });
 *   });
 *   const teller = await world.process("teller").client();
 *   return await teller.client(Quotes, { timeoutMs: 30_000 }).fee(250);
 * });
 * assert.equal(value, 3);
 * assert.ok(tookMs > 3_000, "the next life waits until the dead one's lock is free");
 * ```
 *
 * @param options the seed, and what goes wrong
 * @param scenario what is played; it fails by rejecting
 * @throws {SimulationError} when it fails, waits for what never comes, or leaves a timer behind
 */
export async function simulate<T>(
  options: SimulationOptions,
  scenario: (world: World) => Promise<T>,
): Promise<Played<T>> {
  const world = new World(options);
  const { clock, trace } = world;
  const { limitMs } = options;
  try {
    const value = await clock.run(scenario(world), { limitMs });
    const { digest } = trace;
    const tookMs = world.nowMs;
    await clock.run(world.close(), { limitMs });
    for (const { name, timers } of world.processes) {
      if (timers > 0) throw new Error(`Process "${name}" has left ${timers} timers`);
    }
    return { value, digest, tookMs };
  } catch (error) {
    throw new SimulationError(error, options, world);
  }
}
