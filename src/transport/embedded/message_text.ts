import { crc32 } from "node:zlib";
import type { PlainRequest } from "../transport.ts";
import type { MessageRow } from "./broker_file.ts";
import type { KeptMessage } from "./message_copy.ts";

/** All of a message but its topic and its body, in a fixed order. */
type Head = readonly [
  tag: string,
  keys: readonly string[],
  headers: readonly string[],
  messageGroup: string | null,
  plain: PlainRequest | null,
];

/** All of a message but its topic and its body, as a text for a file. */
export function headOf({ tag, keys, headers, messageGroup, plain }: KeptMessage): string {
  const head: Head = [tag, keys, headers, messageGroup ?? null, plain ?? null];
  return JSON.stringify(head);
}

/** By which it is known later whether a message is still what it was. */
export function checksumOf(head: string, body: Uint8Array): number {
  return crc32(body, crc32(head));
}

/** The message again; marked as damaged, and without what it said, where the disk has changed it. */
export function messageOf({ head, body, checksum }: MessageRow, topic: string): KeptMessage {
  if (checksumOf(head, body) !== checksum) {
    const damaged = "its record in the broker's file is damaged";
    return { topic, tag: "", keys: [], headers: [], body: new Uint8Array(1), damaged };
  }
  // What was written as a head, by its checksum.
  const [tag, keys, headers, messageGroup, plain] = JSON.parse(head) as Head;
  return {
    topic,
    tag,
    keys,
    headers,
    body,
    messageGroup: messageGroup ?? undefined,
    plain: plain ?? undefined,
  };
}
