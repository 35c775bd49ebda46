import { ATTEMPTS } from "../call/defaults.ts";
import type { Again } from "../call/inbound.ts";
import type { Capabilities } from "../transport/transport.ts";
import { IN_PLACE_MS } from "./defaults.ts";

/** How a call's next attempt comes about. */
export type Later =
  /** It stays here, and goes back to its mailbox after that time. */
  | { readonly kind: "in place" }
  /** It is stored in its queue again, to arrive after that time, and its message is settled. */
  | { readonly kind: "sent again" }
  /** The broker delivers its message again after that time. */
  | { readonly kind: "given back" }
  /** There is no next attempt. */
  | { readonly kind: "none"; readonly reason: string };

/** What about a call decides how it is tried again. */
export interface Postponed {
  readonly oneway: boolean;
  readonly keyed: boolean;
  readonly idempotent: boolean;
  /** Whether a plain RocketMQ client sent it, whose headers cannot count attempts. */
  readonly plain: boolean;
  /** Whether its message carries other calls too. */
  readonly packed: boolean;
  /** How much time is left, in milliseconds; `Infinity` where there is no deadline. */
  readonly remainingMs: number;
  /** With how much time it can be started at least, in milliseconds. */
  readonly minRemainingMs: number;
}

const IN_PLACE: Later = { kind: "in place" };
const SENT_AGAIN: Later = { kind: "sent again" };
const GIVEN_BACK: Later = { kind: "given back" };

/**
 * Decides how a call that asked for another attempt gets it. Short waits stay in place. Longer ones, and those of
 * one-way calls, must neither hold the queue nor end with this process: the call is stored again. Calls with keys are
 * not, because they would lose their place among the others of their key.
 *
 * Where messages are settled one by one, the broker keeps the message. What may not be run twice is not given back to
 * it, because it counts deliveries and cannot tell a handler that asked for this from one that died.
 */
export function laterOf(call: Postponed, { afterMs, attempt }: Again, capabilities: Capabilities): Later {
  if (attempt >= ATTEMPTS) return { kind: "none", reason: "attempts spent" };
  if (call.remainingMs - afterMs <= call.minRemainingMs) {
    return { kind: "none", reason: "no time for another attempt" };
  }
  if (afterMs <= IN_PLACE_MS && !call.oneway) return IN_PLACE;
  if (capabilities.ownership === "perMessage" && afterMs > IN_PLACE_MS && call.idempotent && !call.packed) {
    return GIVEN_BACK;
  }
  if (call.keyed || call.plain) return IN_PLACE;
  return afterMs === 0 || delays(capabilities, afterMs) ? SENT_AGAIN : IN_PLACE;
}

function delays({ delayMs }: Capabilities, afterMs: number): boolean {
  return delayMs !== false && afterMs <= delayMs;
}
