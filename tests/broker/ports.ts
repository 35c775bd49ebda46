// Below the range that Linux hands out to outgoing connections (from 32768), so that no client connection takes a
// broker's port while the broker is down between kill() and restart().
const LOWEST = 20_000;
const HIGHEST = 32_000;
const ATTEMPTS = 200;

const taken = new Set<number>();

/** Offsets of the ports that a broker opens around its own: the "VIP" port and the one for replicas. */
export const BROKER_PORTS: readonly number[] = [-2, 0, 1];

/**
 * Finds a port p on 127.0.0.1 such that p + each offset is free, and does not hand any of them out again in this
 * process. Another process may still take one of them before it is used.
 */
export function findPort(offsets: readonly number[] = [0]): number {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
    const ports = offsets.map((offset) => port + offset);
    if (ports.some((each) => taken.has(each)) || !ports.every(isFree)) continue;
    for (const each of ports) taken.add(each);
    return port;
  }
  throw new Error(`no free port found between ${LOWEST} and ${HIGHEST} in ${ATTEMPTS} attempts`);
}

function isFree(port: number): boolean {
  try {
    // All addresses: a broker's port for replicas cannot be bound to one.
    Deno.listen({ hostname: "0.0.0.0", port }).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) return false;
    throw error;
  }
}
