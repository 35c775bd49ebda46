import { RpcError } from "../../errors/rpc_error.ts";
import type { DirectMessage, Message } from "../transport.ts";
import { BodyShelf } from "./body_shelf.ts";
import { MAX_EMBEDDED_BODY_BYTES, MAX_EMBEDDED_HEADER_LENGTH, MESSAGE_OVERHEAD_BYTES } from "./defaults.ts";

/** Where copies on their way out go: a buffer for each costs more than the copy. */
const given = new BodyShelf();

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
  const kept = new Array<string>(headers.size * 2);
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
    body: given.put(body),
    messageGroup,
    damaged,
    plain: plain === undefined ? undefined : { ...plain },
  };
}

/** What reaches an instance past all queues, copied on its way out. */
export function giveContent({ headers, body, plain }: KeptMessage): DirectMessage {
  return {
    headers: mapOf(headers),
    body: given.put(body),
    plain: plain === undefined ? undefined : { ...plain },
  };
}

function lengthOfTexts({ tag, keys, messageGroup = "" }: Omit<Message, "topic">): number {
  if (separates(tag)) throw refused(`the tag ${JSON.stringify(tag)}`);
  if (separates(messageGroup)) throw refused(`the message group ${JSON.stringify(messageGroup)}`);
  let length = tag.length + messageGroup.length;
  for (const key of keys) {
    if (separates(key)) throw refused(`the key ${JSON.stringify(key)}`);
    length += key.length + 1;
  }
  return length;
}

/** Checks headers and copies them, and returns how long they are. */
function keepHeaders(headers: ReadonlyMap<string, string>, kept: string[]): number {
  let length = 0;
  let at = 0;
  // By names alone: pairs would cost an array each.
  for (const name of headers.keys()) {
    const value = headers.get(name) ?? "";
    if (name === "" || value === "" || separates(name) || separates(value)) {
      throw refused(
        `the header ${JSON.stringify(name)}: name and value need letters, without U+0001 and U+0002`,
      );
    }
    length += name.length + value.length + 2;
    kept[at++] = name;
    kept[at++] = value;
  }
  return length;
}

/** Whether a text holds what separates properties on RocketMQ, which has no escaping. Half the time of an expression. */
function separates(text: string): boolean {
  return text.includes("\u0001") || text.includes("\u0002");
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
