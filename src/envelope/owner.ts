import { HEADER, type Headers, type HeaderSink } from "./headers.ts";

/** Who owns a queue, and how to reach it past all queues. */
export interface Owner {
  /** The owner's direct address. */
  readonly address: string;
  /** `topic/broker/id`. */
  readonly queue: string;
}

const SEPARATOR = " ";
/** Callers remember what they read, so that it must not be of any length. */
const MAX_LENGTH = 1_024;

/** Writes who owns the queue that a reply's request came through: on a pack once, not per call. */
export function writeOwner({ address, queue }: Owner, into: HeaderSink): void {
  into.set(HEADER.direct, address + SEPARATOR + queue);
}

/** Reads what {@linkcode writeOwner} wrote; `undefined` when it is not there or not whole, or longer than any is. Never throws. */
export function readOwner(headers: Headers): Owner | undefined {
  const value = headers.get(HEADER.direct);
  const at = value?.indexOf(SEPARATOR) ?? -1;
  if (value === undefined || at < 1 || at === value.length - 1 || value.length > MAX_LENGTH) return undefined;
  return { address: value.slice(0, at), queue: value.slice(at + 1) };
}
