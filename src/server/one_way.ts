import type { Dead, InboundCall, Result } from "../call/inbound.ts";
import { EVENTS } from "../log/events.ts";
import { logger } from "../log/log.ts";
import type { Counts } from "./shared.ts";

const log = logger("callee");

/**
 * Why a call goes to the dead-letter queue, or `undefined`. A one-way call goes there with whatever answer is not
 * success, because nobody else would learn of it; but not when its time was up or it was cancelled: that is counted.
 *
 * @param call the call that has its result
 * @param counts where it is noted what nobody is told
 */
export function deathOf(
  call: Pick<InboundCall, "id" | "method" | "kind" | "attempt">,
  result: Result,
  counts: Pick<Counts, "expiredUnanswered" | "onewayDeadLetters">,
): Dead | undefined {
  if (result.ok) return undefined;
  const dead = "dead" in result ? result.dead : undefined;
  if (call.kind === "call") return dead;
  const { error: { code, message }, ran } = result;
  if (dead === undefined && ran !== "yes") {
    if (code === "cancelled") return undefined;
    if (code === "deadline_exceeded") {
      counts.expiredUnanswered++;
      log.debug(EVENTS.callee.expired, { callId: call.id, method: call.method });
      return undefined;
    }
  }
  counts.onewayDeadLetters++;
  const attempts = ran === "no" ? call.attempt - 1 : call.attempt;
  return dead ?? { reason: `${code}: ${message}`, attempts };
}
