import { escapeHeader, unescapeHeader } from "./headers.ts";

/** Who answered, for what goes past the queue: cancel and credit. */
export interface Responder {
  /** The direct address of the queue's owner. */
  readonly address: string;
  /** The topic of the queue that it owns. */
  readonly topic: string;
  /** The broker's name of that queue. */
  readonly broker: string;
  /** The queue's number at that broker. */
  readonly id: number;
}

const QUEUE_ID = /^[0-9]{1,9}$/;

/** Writes a responder as one header value: `address topic/broker/id`, spaces within them as `%20`. */
export function writeDirect({ address, topic, broker, id }: Responder): string {
  return `${escaped(address)} ${escaped(topic)}/${escaped(broker)}/${id}`;
}

/** Reads what {@linkcode writeDirect} wrote; `undefined` for anything else. */
export function readDirect(value: string | undefined): Responder | undefined {
  if (value === undefined) return undefined;
  const space = value.indexOf(" ");
  // No topic holds a slash.
  const topicEnd = value.indexOf("/", space);
  const slash = value.lastIndexOf("/");
  const id = value.slice(slash + 1);
  if (space < 1 || topicEnd < space + 2 || slash < topicEnd + 2 || !QUEUE_ID.test(id)) return undefined;
  return {
    address: unescapeHeader(value.slice(0, space)),
    topic: unescapeHeader(value.slice(space + 1, topicEnd)),
    broker: unescapeHeader(value.slice(topicEnd + 1, slash)),
    id: Number(id),
  };
}

function escaped(text: string): string {
  return escapeHeader(text).replaceAll(" ", "%20");
}
