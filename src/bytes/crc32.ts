const POLYNOMIAL = 0xedb88320;

/** Table `k` holds the remainders of a byte that is followed by `k` zero bytes: four bytes then cost one step. */
const TABLES = createTables();

function createTables(): readonly [Uint32Array, Uint32Array, Uint32Array, Uint32Array] {
  const first = new Uint32Array(256);
  for (let byte = 0; byte < 256; byte++) {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ POLYNOMIAL : value >>> 1;
    first[byte] = value;
  }
  const second = shifted(first, first);
  const third = shifted(second, first);
  return [first, second, third, shifted(third, first)];
}

function shifted(table: Uint32Array, first: Uint32Array): Uint32Array {
  return table.map((value) => (value >>> 8) ^ (first[value & 0xff] ?? 0));
}

/**
 * Computes the CRC-32 of ISO-HDLC (zip, zlib, `java.util.zip.CRC32`).
 *
 * @returns an unsigned 32-bit number
 */
export function crc32(bytes: Uint8Array): number {
  const [t0, t1, t2, t3] = TABLES;
  let crc = 0xffffffff;
  let at = 0;
  for (const end = bytes.length - 3; at < end; at += 4) {
    crc ^= (bytes[at] ?? 0) | (bytes[at + 1] ?? 0) << 8 | (bytes[at + 2] ?? 0) << 16 |
      (bytes[at + 3] ?? 0) << 24;
    crc = (t3[crc & 0xff] ?? 0) ^ (t2[crc >>> 8 & 0xff] ?? 0) ^ (t1[crc >>> 16 & 0xff] ?? 0) ^
      (t0[crc >>> 24] ?? 0);
  }
  for (; at < bytes.length; at++) crc = crc >>> 8 ^ (t0[(crc ^ (bytes[at] ?? 0)) & 0xff] ?? 0);
  return ~crc >>> 0;
}
