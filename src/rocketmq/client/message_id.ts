import { Reader } from "../../bytes/reader.ts";
import { Writer } from "../../bytes/writer.ts";
import { type Clock, systemClock } from "../../async/clock.ts";
import { type BinaryHost, hostText, readHost } from "./host.ts";

/** Where a stored message lies. */
export interface MessagePlace {
  /** The broker, `host:port`. */
  readonly address: string;
  /** Its offset in the broker's commit log. */
  readonly commitLogOffset: number;
}

/**
 * Makes the id of a stored message: host, port and commit log offset in upper-case hexadecimal, 32 or 56 digits.
 * RocketMQ: MessageDecoder.createMessageId.
 */
export function offsetMessageId(host: BinaryHost, commitLogOffset: number): string {
  const writer = new Writer(28);
  writer.raw(host.ip);
  writer.u32(host.port);
  writer.i64(commitLogOffset);
  return toHex(writer.bytes());
}

/**
 * Reads what {@linkcode offsetMessageId} made.
 *
 * @throws TypeError when it is no such id
 */
export function parseOffsetMessageId(id: string): MessagePlace {
  if (!/^(?:[0-9A-F]{32}|[0-9A-F]{56})$/i.test(id)) {
    throw new TypeError(`Cannot use "${id}" as an offset message id: it has 32 or 56 hexadecimal digits`);
  }
  const bytes = Uint8Array.from(id.match(/../g) ?? [], (digits) => parseInt(digits, 16));
  const reader = new Reader(bytes);
  return { address: hostText(readHost(reader, bytes.length === 28)), commitLogOffset: reader.i64() };
}

/** What a generator of unique ids is told about its process. */
export interface UniqueIdOptions {
  /** IP address of this machine, 4 or 16 bytes. */
  readonly ip: Uint8Array;
  /** Process id; the low 16 bits count. */
  readonly processId: number;
  /** 32 random bits, drawn once: they tell apart processes that share address and process id. */
  readonly salt: number;
  /** Default: the machine's own. */
  readonly clock?: Pick<Clock, "now"> | undefined;
}

/**
 * Makes a generator of values for the property `UNIQ_KEY`: address, process id, salt, milliseconds of the month and
 * a counter in upper-case hexadecimal, 32 or 56 digits. Tools read address and time from it. Unique for 65,536 ids a
 * millisecond. RocketMQ: MessageClientIDSetter.
 *
 * @throws RangeError when the address has neither 4 nor 16 bytes
 */
export function createUniqueIds(options: UniqueIdOptions): () => string {
  const { ip, processId, salt, clock = systemClock } = options;
  if (ip.length !== 4 && ip.length !== 16) {
    throw new RangeError(`Cannot use an IP address of ${ip.length} bytes`);
  }
  const fixed = new Writer(ip.length + 6);
  fixed.raw(ip);
  fixed.u16(processId);
  fixed.u32(salt);
  const prefix = toHex(fixed.bytes());
  let monthStart = 0;
  let nextMonth = 0;
  let counter = 0;
  return () => {
    const now = Math.floor(clock.now());
    if (now >= nextMonth || now < monthStart) {
      const date = new Date(now);
      // Local time, as the tools expect.
      monthStart = new Date(date.getFullYear(), date.getMonth(), 1).getTime();
      nextMonth = new Date(date.getFullYear(), date.getMonth() + 1, 1).getTime();
    }
    counter = (counter + 1) & 0xffff;
    return prefix + hexDigits(now - monthStart, 8) + hexDigits(counter, 4);
  };
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => hexDigits(byte, 2)).join("");
}

function hexDigits(value: number, count: number): string {
  return value.toString(16).toUpperCase().padStart(count, "0");
}
