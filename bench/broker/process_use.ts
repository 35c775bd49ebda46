/** Ticks per second of /proc/stat and /proc/<pid>/stat: 100 on every Linux that Deno runs on. */
export const TICKS_PER_SECOND = 100;
const US_PER_TICK = 1_000_000 / TICKS_PER_SECOND;

/** Fields after the name, which may hold anything: the first is field 3 of proc(5). */
const UTIME = 14 - 3;
const STIME = 15 - 3;

/** What a process has used. */
export interface ProcessUse {
  /** Microseconds on processors since it started, in steps of 10,000. */
  readonly cpuUs: number;
  /** Bytes of memory that it holds now. */
  readonly residentBytes: number;
}

/**
 * Reads a process's user and system time out of its /proc/<pid>/stat.
 *
 * @returns microseconds since it started, in steps of 10,000
 * @throws {TypeError} when the text is none
 */
export function cpuUsOf(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = Number(fields[UTIME]) + Number(fields[STIME]);
  if (!Number.isInteger(ticks)) {
    throw new TypeError(`Cannot read the processor time in ${JSON.stringify(stat)}`);
  }
  return ticks * US_PER_TICK;
}

/**
 * Reads a process's resident memory out of its /proc/<pid>/status.
 *
 * @returns bytes
 * @throws {TypeError} when the text is none
 */
export function residentBytesOf(status: string): number {
  const kib = Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]);
  if (!Number.isInteger(kib)) throw new TypeError(`Cannot read the memory in ${JSON.stringify(status)}`);
  return kib * 1_024;
}

/** What the processes have used together, or `undefined` where there is no /proc, no such process, or none is named. */
export async function processUse(pids: readonly number[]): Promise<ProcessUse | undefined> {
  if (pids.length === 0) return undefined;
  try {
    const uses = await Promise.all(pids.map(async (pid) => ({
      cpuUs: cpuUsOf(await Deno.readTextFile(`/proc/${pid}/stat`)),
      residentBytes: residentBytesOf(await Deno.readTextFile(`/proc/${pid}/status`)),
    })));
    return uses.reduce((sum, use) => ({
      cpuUs: sum.cpuUs + use.cpuUs,
      residentBytes: sum.residentBytes + use.residentBytes,
    }));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
