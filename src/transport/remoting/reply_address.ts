import { RpcError } from "../../errors/rpc_error.ts";
import { callerInstance } from "./names.ts";

/** How replies reach an instance: the broker pushes them, or the instance pulls them from a topic. */
export type ReplyStrategy = "push" | "topic";

/** Where a reply goes. */
export interface ReplyAddress {
  /** How. */
  readonly strategy: ReplyStrategy;
  /** The client id that registered with the brokers. */
  readonly clientId: string;
  /** The instance's number, where it is one of ours: then it reads the reply topic, whatever its strategy. */
  readonly instance: number | undefined;
}

/** Writes an address as the opaque text that travels in headers. */
export function replyAddress(clientId: string, strategy: ReplyStrategy = "push"): string {
  return `${strategy}:${clientId}`;
}

/**
 * Reads an address.
 *
 * @throws {RpcError} `invalid_argument` / `not_sent` when it is none of this transport
 */
export function parseReplyAddress(text: string): ReplyAddress {
  const colon = text.indexOf(":");
  const strategy = text.slice(0, colon);
  const clientId = text.slice(colon + 1);
  if ((strategy === "push" || strategy === "topic") && clientId !== "") {
    const instance = callerInstance(clientId);
    if (strategy === "push" || instance !== undefined) return { strategy, clientId, instance };
  }
  const message = `Cannot send to ${JSON.stringify(text.slice(0, 80))}: it is no address of this transport`;
  throw new RpcError("invalid_argument", message, { outcome: "not_sent" });
}
