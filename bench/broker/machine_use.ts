import { TICKS_PER_SECOND } from "./process_use.ts";

const US_PER_TICK = 1_000_000 / TICKS_PER_SECOND;

/** What all processors of the machine have done since it started. */
export interface MachineUse {
  /** Microseconds in programs and in the kernel on their behalf, and those that the hypervisor gave to others. */
  readonly busyUs: number;
  /** Microseconds in all, idle ones included. */
  readonly totalUs: number;
}

/**
 * Reads the first line of /proc/stat. Interrupts are nobody's: the network's, which loopback traffic consists of in part,
 * cannot be told from others' there.
 *
 * @throws {TypeError} when the text is none
 */
export function machineUseOf(stat: string): MachineUse {
  const ticks = /^cpu +([0-9 ]+)$/m.exec(stat)?.[1]?.split(" ").map(Number) ?? [];
  const [user, nice, system, idle, iowait, irq, softirq, steal] = ticks;
  if (
    user === undefined || nice === undefined || system === undefined || idle === undefined ||
    iowait === undefined || irq === undefined || softirq === undefined || steal === undefined
  ) throw new TypeError(`Cannot read the processors' time in ${JSON.stringify(stat.slice(0, 200))}`);
  const busy = user + nice + system + steal;
  return { busyUs: busy * US_PER_TICK, totalUs: (busy + idle + iowait + irq + softirq) * US_PER_TICK };
}

/** What the machine has done so far, or `undefined` where there is no /proc. */
export async function machineUse(): Promise<MachineUse | undefined> {
  try {
    return machineUseOf(await Deno.readTextFile("/proc/stat"));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/**
 * The part of the processors' time between two looks that went to others than the ones measured.
 *
 * @param oursUs what the measured processes took between the looks, in microseconds
 * @returns 0 to 1
 */
export function othersShare(before: MachineUse, after: MachineUse, oursUs: number): number {
  const total = after.totalUs - before.totalUs;
  // Ticks of 10 ms are given to one process or the other: the difference can be a little below 0.
  return total <= 0 ? 0 : Math.max(0, (after.busyUs - before.busyUs - oursUs) / total);
}
