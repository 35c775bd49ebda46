import { createSystem, embedded, embeddedBroker, type System, type Transport } from "rocket-actors";
import { remoting } from "rocket-actors/transport/remoting";
import { setTimeout as sleep } from "node:timers/promises";
import { heapUsed } from "../helpers/heap.ts";
import { bankContracts } from "./contract.ts";
import { CountedClock } from "./counted_clock.ts";
import { CountedSignal } from "./counted_signal.ts";
import { Fleet, type Site } from "./fleet.ts";
import type { Sample } from "./growth.ts";
import { Load } from "./load.ts";

/** How long, how much, and where. */
export interface Settings {
  readonly seconds: number;
  /** Calls a second. */
  readonly rate: number;
  /** A RocketMQ to run on; `undefined` for the broker in memory. */
  readonly nameServer: string | undefined;
  /** Looks at what is left behind. */
  readonly samples: number;
  /** Between two changes of the fleet, in milliseconds. */
  readonly changeMs: number;
  readonly onSample: (sample: Sample) => void;
}

/** What a run ended with. */
export interface Report {
  readonly samples: readonly Sample[];
  readonly calls: number;
  readonly heldBack: number;
  readonly changes: number;
  /** Systems that did not start in their time, and were started again. */
  readonly failedStarts: number;
  readonly ends: ReadonlyMap<string, number>;
  /** What callers got that is no `RpcError`. */
  readonly strange: readonly unknown[];
}

/** How long everything may take to settle once no more calls are made. */
const SETTLE_LIMIT_MS = 30_000;
const CALLERS = 2;

/** Runs the load. Rejects when something never settles. */
export async function soak(settings: Settings): Promise<Report> {
  const clock = new CountedClock();
  const whole = new CountedSignal();
  const arrived = new Set<number>();
  const samples: Sample[] = [];
  const bank = bankContracts(Date.now().toString(36));
  await using stack = new AsyncDisposableStack();
  const site = siteOf(settings, clock, stack);
  const fleet = stack.use(await Fleet.start(site, bank, arrived));
  const callers: System[] = [];
  while (callers.length < CALLERS) {
    const caller = await createSystem({ name: "caller", transport: site.transport(), clock });
    callers.push(stack.use(caller));
  }
  const { signal } = whole;
  const address = () => fleet.address;
  const load = new Load({ callers, bank, arrived, signal, address, random: Math.random });
  const begin = performance.now();
  for (let part = 1; part <= settings.samples; part++) {
    const loopMs = await onePart(
      settings,
      load,
      fleet,
      begin + settings.seconds * 1_000 * part / settings.samples,
    );
    const lagMs = await settled(load, fleet, callers);
    const { timers } = clock;
    const { listeners } = whole;
    const heap = heapUsed() + Deno.memoryUsage().external;
    const seconds = (performance.now() - begin) / 1_000;
    const sample = { seconds, calls: load.made, heap, timers, files: openFiles(), listeners, lagMs, loopMs };
    samples.push(sample);
    settings.onSample(sample);
  }
  const { made: calls, heldBack, ends, strange } = load;
  const { changes, failedStarts } = fleet;
  return { samples, calls, heldBack, changes, failedStarts, ends, strange };
}

function siteOf({ nameServer }: Settings, clock: CountedClock, stack: AsyncDisposableStack): Site {
  if (nameServer !== undefined) {
    return { clock, transport: () => remoting({ nameServers: nameServer }), kill: undefined };
  }
  // Small, so that what it keeps is soon at its bound.
  const broker = embeddedBroker({ retainedMessages: 10_000, retainedBytes: 16 * 1024 * 1024, clock });
  stack.defer(() => broker.close());
  const transport = (): Transport => embedded(broker);
  return { clock, transport, kill: ({ instance }) => broker.crash(instance) };
}

/** Calls and changes until then; resolves to by how much the event loop was late at most. */
async function onePart(settings: Settings, load: Load, fleet: Fleet, untilMs: number): Promise<number> {
  let latest = 0;
  const watch = async () => {
    while (performance.now() < untilMs) {
      const due = performance.now() + 50;
      await sleep(50);
      latest = Math.max(latest, performance.now() - due);
    }
  };
  const changes = async () => {
    while (performance.now() + settings.changeMs < untilMs) {
      await sleep(settings.changeMs);
      await fleet.change();
    }
  };
  await Promise.all([load.run(settings.rate, untilMs), changes(), watch()]);
  return latest;
}

/** Waits until nothing is under way; resolves to how long that took. */
async function settled(load: Load, fleet: Fleet, callers: readonly System[]): Promise<number> {
  const begin = performance.now();
  while (load.open > 0 || fleet.unsettled > 0 || load.missing > 0) {
    const ms = performance.now() - begin;
    if (ms > SETTLE_LIMIT_MS) {
      throw new Error(
        `After ${
          ms.toFixed(0)
        } ms without a new call, ${load.open} calls are open, ${fleet.unsettled} are not ` +
          `settled, and ${load.missing} one-way calls came to no handler; ` +
          JSON.stringify(callers.map((caller) => caller.tree().children.map(({ details }) => details))),
      );
    }
    await sleep(20);
  }
  const ms = performance.now() - begin;
  // Idle keys go, and what looks after calls stops: what is left then belongs to nobody.
  await sleep(1_000);
  return ms;
}

function openFiles(): number {
  return [...Deno.readDirSync("/proc/self/fd")].length;
}
