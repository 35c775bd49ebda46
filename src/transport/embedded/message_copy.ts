import { RpcError } from "../../errors/rpc_error.ts";
import type { DirectMessage, Message } from "../transport.ts";
import type { BodyShelf } from "./body_shelf.ts";
import { MAX_EMBEDDED_BODY_BYTES, MAX_EMBEDDED_HEADER_LENGTH, MESSAGE_OVERHEAD_BYTES } from "./defaults.ts";

// deno-lint-ignore no-control-regex -- what separates properties on RocketMQ, which has no escaping
const SEPARATORS = /[\u0001\u0002]/;

/** A message as it is kept: a copy of its own. */
export interface KeptMessage extends Omit<Message, "headers"> {
  /** Names and values by turns: quicker to copy than a `Map`. */
  readonly headers: readonly string[];
}

/** A copy of a message and what it counts for in retention. */
export interface CopiedMessage {
  readonly message: KeptMessage;
  readonly bytes: number;
}

/**
 * Copies a message on its way in. What RocketMQ would refuse, or change on the way, is refused.
 *
 * @param shelf where its body goes; absent where it may have to be let go alone
 * @throws {RpcError} `invalid_argument` / `not_sent`
 */
export function takeMessage(
  message: Omit<Message, "topic">,
  topic: string,
  shelf?: BodyShelf | undefined,
): CopiedMessage {
  const { tag, body, headers, messageGroup, plain } = message;
  if (body.length === 0) throw refused("a message without a body");
  if (body.length > MAX_EMBEDDED_BODY_BYTES) {
    throw refused(`a body of ${body.length} bytes: at most ${MAX_EMBEDDED_BODY_BYTES} travel`);
  }
  const kept: string[] = [];
  const length = lengthOfTexts(message) + keepHeaders(headers, kept);
  if (length > MAX_EMBEDDED_HEADER_LENGTH) {
    throw refused(`headers and keys of ${length} characters: at most ${MAX_EMBEDDED_HEADER_LENGTH} travel`);
  }
  return {
    message: {
      topic,
      tag,
      keys: words(message.keys),
      headers: kept,
      body: shelf === undefined ? body.slice() : shelf.put(body),
      messageGroup,
      plain: plain === undefined ? undefined : { ...plain },
    },
    bytes: body.length + length + MESSAGE_OVERHEAD_BYTES,
  };
}

/** Copies a message on its way out: its receiver may do with it what it likes. */
export function giveMessage(message: KeptMessage): Message {
  const { topic, tag, keys, headers, body, messageGroup, damaged, plain } = message;
  return {
    topic,
    tag,
    keys: keys.slice(),
    headers: mapOf(headers),
    body: body.slice(),
    messageGroup,
    damaged,
    plain: plain === undefined ? undefined : { ...plain },
  };
}

/** What reaches an instance past all queues, copied on its way out. */
export function giveContent({ headers, body, plain }: KeptMessage): DirectMessage {
  return {
    headers: mapOf(headers),
    body: body.slice(),
    plain: plain === undefined ? undefined : { ...plain },
  };
}

function lengthOfTexts({ tag, keys, messageGroup = "" }: Omit<Message, "topic">): number {
  if (SEPARATORS.test(tag)) throw refused(`the tag ${JSON.stringify(tag)}`);
  if (SEPARATORS.test(messageGroup)) throw refused(`the message group ${JSON.stringify(messageGroup)}`);
  let length = tag.length + messageGroup.length;
  for (const key of keys) {
    if (SEPARATORS.test(key)) throw refused(`the key ${JSON.stringify(key)}`);
    length += key.length + 1;
  }
  return length;
}

/** Checks headers and copies them, and returns how long they are. */
function keepHeaders(headers: ReadonlyMap<string, string>, kept: string[]): number {
  let length = 0;
  for (const [name, value] of headers) {
    if (name === "" || value === "" || SEPARATORS.test(name) || SEPARATORS.test(value)) {
      throw refused(
        `the header ${JSON.stringify(name)}: name and value need letters, without U+0001 and U+0002`,
      );
    }
    length += name.length + value.length + 2;
    kept.push(name, value);
  }
  return length;
}

/** A key with blanks in it is several. */
function words(keys: readonly string[]): readonly string[] {
  if (!keys.some((key) => key === "" || key.includes(" "))) return keys.slice();
  return keys.flatMap((key) => key.split(" ").filter((word) => word !== ""));
}

function mapOf(headers: readonly string[]): ReadonlyMap<string, string> {
  const map = new Map<string, string>();
  for (let index = 1; index < headers.length; index += 2) {
    map.set(headers[index - 1] ?? "", headers[index] ?? "");
  }
  return map;
}

function refused(what: string): RpcError {
  return new RpcError("invalid_argument", `Cannot store ${what}`, { outcome: "not_sent" });
}
