import type { ObservedRequest } from "../call/observer.ts";
import type { Contract } from "../contract/types.ts";
import type { Request } from "../envelope/request.ts";
import type { Delivery } from "../transport/transport.ts";
import { attemptOf } from "./attempts.ts";

/**
 * What an observer is told of a request.
 *
 * @param calls how many calls its message carries
 * @param storedAtMs when the broker stored it, by this machine's clock
 */
export function observedRequest(
  { name, methods }: Pick<Contract, "name" | "methods">,
  request: Request,
  delivery: Delivery,
  calls: number,
  storedAtMs: number,
): ObservedRequest {
  const { message: { tag: method }, queue, offset } = delivery;
  return {
    contract: name,
    method,
    known: Object.hasOwn(methods, method),
    kind: request.kind === "oneway" ? "oneway" : "call",
    callId: request.id,
    attempt: attemptOf(request, delivery),
    trace: request.trace,
    caller: request.from,
    queue: queue.topic === "" ? undefined : queue,
    offset,
    storedAtMs,
    calls,
  };
}
