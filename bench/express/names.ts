/** How a request reaches the one that runs it: stored in its queue and pulled from there, or pushed, and stored behind. */
export type Way = "stored" | "express";

/** Property that names the client that a reply goes to: on the express lane `REPLY_TO_CLIENT` is taken by the request. */
export const CALLER = "CALLER";

/** The client id of the one process that has all queues of a topic. Fresh, as the topic is. */
export function ownerOf(topic: string): string {
  return `${topic}-owner`;
}

/**
 * Reads a way.
 *
 * @throws {TypeError} on any other word
 */
export function wayOf(word: string | undefined): Way {
  if (word === "stored" || word === "express") return word;
  throw new TypeError(`"${word}" is no way of a request: it is "stored" or "express"`);
}
