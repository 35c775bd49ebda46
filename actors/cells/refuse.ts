import type { InboundCall } from "../../src/call/inbound.ts";
import type { RpcError } from "../../src/errors/rpc_error.ts";

/** Answers a call that no handler has seen here. One that is nobody's any more, or has expired, needs no answer. */
export function refuse(call: InboundCall, error: RpcError): void {
  if (call.claim()) call.settle({ ok: false, error, ran: call.ranBefore });
}
