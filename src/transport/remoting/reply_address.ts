/** Where a reply is pushed to. */
export interface ReplyAddress {
  /** The client id that registered with the brokers. */
  readonly clientId: string;
}

const PUSH = "push:";

/** Writes an address as the opaque text that travels in headers. */
export function replyAddress({ clientId }: ReplyAddress): string {
  return PUSH + clientId;
}

/**
 * Reads an address.
 *
 * @throws {TypeError} when it is none of this transport
 */
export function parseReplyAddress(text: string): ReplyAddress {
  const clientId = text.startsWith(PUSH) ? text.slice(PUSH.length) : "";
  if (clientId === "") {
    throw new TypeError(
      `Cannot reply to ${JSON.stringify(text.slice(0, 80))}: it is no address of this transport`,
    );
  }
  return { clientId };
}
