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
const HEX_DIGITS = "0123456789abcdef";
const BYTES_PER_ID = 8;
const POOL_IDS = 512;
/** The random part of an id: `-xxxx-xxxxxxxxxxxx`. */
const TAIL_LENGTH = 18;
const DASH = "-".charCodeAt(0);

/**
 * Makes a generator of UUIDv7 (RFC 9562): 48 bits of epoch milliseconds, a 12-bit counter that keeps ids of one
 * millisecond in order, 62 random bits drawn in bulk.
 */
export function createIds(clock: Pick<Clock, "now">, random: RandomBytes = systemRandomBytes): NewId {
  const pool = new Uint8Array(BYTES_PER_ID * POOL_IDS);
  let tails = "";
  let used = 0;
  let millisecond = -1;
  let counter = 0;
  let time = "";

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
    if (used === tails.length) {
      random(pool);
      tails = tailsOf(pool);
      used = 0;
    }
    const tail = tails.slice(used, used += TAIL_LENGTH);
    return time + (HEX[counter >> 4] ?? "") + HEX_DIGITS.charAt(counter & 0xf) + tail;
  };
}

const decoder = new TextDecoder();

/** The random parts of many ids, one behind the other: written in one go, an id costs a few concatenations. */
function tailsOf(pool: Uint8Array): string {
  const text = new Uint8Array(TAIL_LENGTH * POOL_IDS);
  let at = 0;
  for (let index = 0; index < pool.length; index++) {
    const place = index % BYTES_PER_ID;
    if (place === 0 || place === 2) text[at++] = DASH;
    const byte = pool[index] ?? 0;
    // The two bits of the variant.
    const sent = place === 0 ? 0x80 | (byte & 0x3f) : byte;
    text[at++] = HEX_DIGITS.charCodeAt(sent >> 4);
    text[at++] = HEX_DIGITS.charCodeAt(sent & 0xf);
  }
  return decoder.decode(text);
}
