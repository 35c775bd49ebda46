import * as zlib from "node:zlib";

/** What of `node:zlib` speaks zstd: Node has it from 22.15 on. A named import would keep older ones from starting. */
export interface ZstdFunctions {
  readonly zstdCompressSync?: ((bytes: Uint8Array) => Uint8Array) | undefined;
  readonly zstdDecompressSync?:
    | ((bytes: Uint8Array, options: { readonly maxOutputLength: number }) => Uint8Array)
    | undefined;
}

/**
 * Compresses by zstd.
 *
 * @throws TypeError when the runtime cannot
 */
export function compressZstd(bytes: Uint8Array, { zstdCompressSync }: ZstdFunctions = zlib): Uint8Array {
  return zstdCompressSync?.(bytes) ?? lacking();
}

/**
 * Decompresses what zstd made.
 *
 * @throws TypeError when the runtime cannot
 * @throws RangeError when it would grow beyond `maxBytes`
 */
export function decompressZstd(
  stored: Uint8Array,
  maxBytes: number,
  { zstdDecompressSync }: ZstdFunctions = zlib,
): Uint8Array {
  return zstdDecompressSync?.(stored, { maxOutputLength: maxBytes }) ?? lacking();
}

function lacking(): never {
  throw new TypeError("this runtime lacks zstd: take Node 22.15 or later, or zlib for compression");
}
