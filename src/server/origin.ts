import { isRetryable, type Reply } from "../envelope/reply.ts";
import type { Delivery } from "../transport/transport.ts";

/** Which message it was: what `rpc-origin` says. */
export function originOf({ queue, offset }: Pick<Delivery, "queue" | "offset">): string {
  return `${queue.topic}/${queue.broker}/${queue.id}/${offset}`;
}

/**
 * The reply to a message. A refusal says which one it refuses: the caller may send the call again under its id, and a
 * later owner must neither run what was refused, nor take the refusal for the answer to what came after it.
 */
export function replyTo(delivery: Pick<Delivery, "queue" | "offset">, reply: Reply): Reply {
  return !reply.ok && isRetryable(reply) ? { ...reply, origin: originOf(delivery) } : reply;
}
