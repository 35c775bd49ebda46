import { addressOf } from "../../src/call/address.ts";
import type { InboundCall } from "../../src/call/inbound.ts";
import type { Contract } from "../../src/contract/types.ts";
import { RpcError } from "../../src/errors/rpc_error.ts";

/** What a call runs in, as the chain of its nested calls tells it: a key of a service is in it, since calls of it wait for one another. */
export function placeOf(
  { name, kind }: Pick<Contract, "name" | "kind">,
  method: string,
  key?: string,
): string {
  const address = addressOf(name, kind, method, key);
  return kind === "service" && key !== undefined ? `${address}@${key}` : address;
}

/** How often the address of a service's method, with whatever key, stands in the chain of calls above. */
export function timesInChain({ chain }: InboundCall, address: string): number {
  let times = 0;
  for (const place of chain) if (place === address || place.startsWith(`${address}@`)) times++;
  return times;
}

/**
 * What answers a call that would wait for a call above it.
 *
 * @param call its chain leads back to `place`
 * @param place where it would wait
 */
export function cycle({ chain, id }: InboundCall, place: string): RpcError {
  const exact = chain.indexOf(place);
  const from = exact >= 0 ? exact : chain.findIndex((above) => above.startsWith(`${place}@`));
  const path = [...chain.slice(Math.max(0, from)), place].join(" -> ");
  return new RpcError("failed_precondition", `The call would wait for itself: ${path}`, {
    outcome: "rejected",
    callId: id,
  });
}
