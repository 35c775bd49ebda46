import { ATTEMPTS } from "../call/defaults.ts";
import type { Request } from "../envelope/request.ts";
import type { Delivery } from "../transport/transport.ts";

/** What of a request counts its attempts. */
type Counted = Pick<Request, "attempt" | "started">;

/**
 * Whether a handler may have been started for the request, and have ended with its process: by the marks of an
 * earlier owner, or because it is the copy of a message whose handler ran when it was copied.
 */
export function isSuspect({ started }: Counted, { starts }: Pick<Delivery, "starts">): boolean {
  return starts > 0 || started === true;
}

/**
 * How often handlers were started for the request: `attempt - 1` times under earlier messages, and as often as there
 * are marks on this one.
 *
 * A copy that was made while the handler ran counts that run once, whether or not the owner who made it lived to
 * mark it: marks say one less than the truth until then, and the truth from then on. (A later owner that finds such a
 * copy unmarked sends it again before it runs it, so that its own mark cannot be taken for that one.)
 *
 * What a caller claims never ends a call that no handler had.
 */
export function startsBefore({ attempt, started }: Counted, { starts }: Pick<Delivery, "starts">): number {
  return Math.max(1, Math.min(attempt, ATTEMPTS)) - 1 + Math.max(starts, started === true ? 1 : 0);
}

/** The number of the attempt about to be made, from 1 to 3. */
export function attemptOf(request: Counted, delivery: Pick<Delivery, "starts">): number {
  return Math.min(ATTEMPTS, startsBefore(request, delivery) + 1);
}

/** Whether a request is a copy that was made while its handler ran, and that nobody has marked since. */
export function isUnmarkedCopy(
  { request, delivery }: { readonly request: Counted; readonly delivery: Pick<Delivery, "starts"> },
): boolean {
  return request.started === true && delivery.starts === 0;
}
