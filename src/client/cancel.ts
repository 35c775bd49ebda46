import { cancelMessage } from "../envelope/cancel.ts";
import { EVENTS } from "../log/events.ts";
import { logger } from "../log/log.ts";
import type { Transport } from "../transport/transport.ts";
import type { OutboundCall } from "./outbound_call.ts";
import type { Owners } from "./owners.ts";

const log = logger("caller");

/**
 * Tells the callee that nobody waits any more: straight to the owner of the queue where it is known, else
 * through the queue. Best effort: the call's deadline ends it in any case. Never rejects.
 */
export async function sendCancel(transport: Transport, owners: Owners, call: OutboundCall): Promise<void> {
  const { id, method, queue, direct } = call;
  const message = cancelMessage(id, method);
  const address = direct ?? (queue === undefined ? undefined : owners.of(queue));
  try {
    if (address !== undefined) await transport.sendTo(address, message);
    else if (queue !== undefined) await transport.send({ topic: queue.topic, ...message }, { queue });
  } catch (error) {
    log.debug(EVENTS.caller.cancelFailed, { callId: id, error });
  }
}
