import { crc32 } from "node:zlib";
import { escapeHeader } from "../envelope/headers.ts";

const MAX_LENGTH = 63;
const HASH_LENGTH = 8;

/**
 * The message group of a key, for transports that keep an order by group: the key as it travels, cut where it is
 * longer than groups may be, with a hash of the whole. Should two keys share a group, they share an order.
 */
export function messageGroupOf(key: string): string {
  const group = escapeHeader(key).replaceAll(" ", "%20");
  if (group.length <= MAX_LENGTH) return group;
  const hash = crc32(key).toString(16).padStart(HASH_LENGTH, "0");
  return `${group.slice(0, MAX_LENGTH - HASH_LENGTH - 1)}~${hash}`;
}
