import type { Ran } from "../call/inbound.ts";
import type { Request } from "../envelope/request.ts";
import type { Delivery } from "../transport/transport.ts";
import { isSuspect } from "./attempts.ts";

/**
 * Whether the handler of a call ran that was not started here: an earlier owner may have started it, or an earlier
 * message of the same call.
 */
export function ranBefore(delivery: Delivery, request?: Request): Ran {
  if (delivery.starts > 0) return "maybe";
  return request !== undefined && (request.attempt > 1 || isSuspect(request, delivery)) ? "maybe" : "no";
}
