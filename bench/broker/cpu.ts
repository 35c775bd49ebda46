/** Ticks per second of /proc/<pid>/stat: 100 on every Linux that Deno runs on. */
const TICKS_PER_SECOND = 100;
const US_PER_TICK = 1_000_000 / TICKS_PER_SECOND;

/** Fields after the name, which may hold anything: the first is field 3 of proc(5). */
const UTIME = 14 - 3;
const STIME = 15 - 3;

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

/** Microseconds that a process has spent on processors, or `undefined` where there is no /proc or no such process. */
export async function cpuUs(pid: number | undefined): Promise<number | undefined> {
  if (pid === undefined) return undefined;
  try {
    return cpuUsOf(await Deno.readTextFile(`/proc/${pid}/stat`));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
