import { travelling } from "../envelope/body.ts";
import { HEADER } from "../envelope/headers.ts";
import { requestHeaders } from "../envelope/request.ts";
import { writeTarget } from "../envelope/target.ts";
import { RpcError } from "../errors/rpc_error.ts";
import type { Transport } from "../transport/transport.ts";
import type { OutboundCall } from "./outbound_call.ts";

/**
 * Sends a call past all queues to one instance, whose built-in services answer there. Never rejects: a failure
 * goes to the call.
 *
 * @param address the instance's direct address
 */
export async function sendToInstance(
  transport: Transport,
  address: string,
  outbound: OutboundCall,
): Promise<void> {
  if (!outbound.handOver()) return;
  const { request, method, call, id } = outbound;
  const headers = requestHeaders(request);
  headers.set(HEADER.target, writeTarget({ contract: call.contract.name, method }));
  try {
    // No keys: what is found under the id of a call is its request in a queue, and its reply.
    await transport.sendTo(address, { tag: method, keys: [], headers, body: travelling(request.body) });
  } catch (error) {
    const { code, message, outcome } = RpcError.from(error);
    outbound.sendFailed(new RpcError(code, message, { outcome, callId: id, cause: error }));
  }
}
