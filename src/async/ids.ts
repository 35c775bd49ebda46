import type { Clock } from "./clock.ts";

/** Makes ids that are unique, sort by time and are safe in headers and keys. */
export type NewId = () => string;

/** Fills the array with random bytes. */
export type RandomBytes = (into: Uint8Array<ArrayBuffer>) => void;

/** The machine's own source of random bytes. */
export function systemRandomBytes(into: Uint8Array<ArrayBuffer>): void {
  crypto.getRandomValues(into);
}

const HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
const BYTES_PER_ID = 8;
const POOL_IDS = 512;

/**
 * Makes a generator of UUIDv7 (RFC 9562): 48 bits of epoch milliseconds, a 12-bit counter that keeps ids of one
 * millisecond in order, 62 random bits drawn in bulk.
 */
export function createIds(clock: Pick<Clock, "now">, random: RandomBytes = systemRandomBytes): NewId {
  const pool = new Uint8Array(BYTES_PER_ID * POOL_IDS);
  let used = pool.length;
  let millisecond = -1;
  let counter = 0;
  let time = "";

  function hex(index: number): string {
    return HEX[pool[index] ?? 0] ?? "00";
  }

  function tick(): void {
    const now = Math.floor(clock.now());
    if (now > millisecond) {
      millisecond = now;
      counter = 0;
    } else if (++counter > 0xfff) {
      millisecond += 1;
      counter = 0;
    } else {
      return;
    }
    const digits = millisecond.toString(16).padStart(12, "0");
    time = `${digits.slice(0, 8)}-${digits.slice(8)}-7`;
  }

  return () => {
    tick();
    if (used === pool.length) {
      random(pool);
      used = 0;
    }
    const at = used;
    used += BYTES_PER_ID;
    const variant = HEX[0x80 | ((pool[at] ?? 0) & 0x3f)] ?? "80";
    return time + counter.toString(16).padStart(3, "0") + "-" + variant + hex(at + 1) + "-" +
      hex(at + 2) + hex(at + 3) + hex(at + 4) + hex(at + 5) + hex(at + 6) + hex(at + 7);
  };
}
