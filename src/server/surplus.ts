import { groupOf, topicOf } from "../call/plan.ts";
import type { Contract } from "../contract/types.ts";
import { EVENTS } from "../log/events.ts";
import { logger } from "../log/log.ts";
import type { Transport } from "../transport/transport.ts";

const log = logger("callee");

/**
 * Says in the log when more instances serve a contract than a slot has queues: those beyond get none of some methods'
 * calls. Best effort, never rejects: who cannot tell says nothing.
 */
export async function warnOfSurplus(transport: Transport, { name, slots }: Contract): Promise<void> {
  try {
    const topic = topicOf(name);
    const members = await transport.members(topic, groupOf(name));
    if (members === "unknown") return;
    const queues = Math.floor((await transport.queues(topic)).length / slots);
    if (members.length > queues) {
      log.warn(EVENTS.callee.surplus, { contract: name, instances: members.length, queues });
    }
  } catch (error) {
    log.debug(EVENTS.callee.surplusUnknown, { contract: name, error });
  }
}
