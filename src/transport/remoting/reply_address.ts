import { RpcError } from "../../errors/rpc_error.ts";

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
 * @throws {RpcError} `invalid_argument` / `not_sent` when it is none of this transport
 */
export function parseReplyAddress(text: string): ReplyAddress {
  const clientId = text.startsWith(PUSH) ? text.slice(PUSH.length) : "";
  if (clientId === "") {
    const message = `Cannot send to ${JSON.stringify(text.slice(0, 80))}: it is no address of this transport`;
    throw new RpcError("invalid_argument", message, { outcome: "not_sent" });
  }
  return { clientId };
}
