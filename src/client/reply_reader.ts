import type { Call } from "../call/call.ts";
import type { BodyPlace } from "../codec/codec.ts";
import type { MethodPlaces } from "../codec/places.ts";
import { validate } from "../contract/validate.ts";
import type { Reply } from "../envelope/reply.ts";
import { RpcError } from "../errors/rpc_error.ts";

/**
 * What a reply means for the caller: the output, decoded. What one of our callees sent has been checked there;
 * only a plain responder's answer is checked here.
 *
 * @throws {RpcError} the callee's error, its details decoded; or `internal` / `executed_reply_lost` when the reply
 * cannot be read
 */
export function readOutput(
  call: Call,
  callId: string,
  reply: Reply,
  places: MethodPlaces,
): unknown | Promise<unknown> {
  if (!reply.ok) throw errorOf(call, reply);
  const { contract, settings } = call;
  let output: unknown;
  try {
    // A plain responder states no type.
    if (reply.type !== "" && reply.type !== contract.codec.contentType && reply.body !== undefined) {
      throw new TypeError(`It is ${reply.type.slice(0, 80)}, not ${contract.codec.contentType}`);
    }
    output = reply.body === undefined ? undefined : contract.codec.decode(reply.body, places.output);
    if (!contract.foreign || settings.output === undefined) return output;
    output = validate(settings.output, output, "output");
  } catch (cause) {
    throw unreadable(callId, cause);
  }
  return output instanceof Promise
    ? output.catch((cause) => Promise.reject(unreadable(callId, cause)))
    : output;
}

/** A declared error gets its details; one that this caller's contract does not know stays an error by code. */
function errorOf({ contract, method, settings }: Call, reply: Reply & { ok: false }): RpcError {
  const { error, declared } = reply;
  if (declared === undefined || !Object.hasOwn(settings.errors, declared.name)) return error;
  const { code, message, outcome, callId } = error;
  try {
    const place: BodyPlace = { contract: contract.name, method, part: "details", error: declared.name };
    const details = declared.body === undefined ? undefined : contract.codec.decode(declared.body, place);
    const name = { contract: contract.name, error: declared.name };
    return new RpcError(code, message, { outcome, callId, declared: name, details });
  } catch (cause) {
    return new RpcError(code, message, { outcome, callId, cause });
  }
}

function unreadable(callId: string, cause: unknown): RpcError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const message = `Cannot read the reply: its body is no value of the contract's codec: ${reason}`;
  return new RpcError("internal", message, { outcome: "executed_reply_lost", callId, cause });
}
