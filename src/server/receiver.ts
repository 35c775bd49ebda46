import type { Result } from "../call/inbound.ts";
import { ATTEMPTS } from "../call/defaults.ts";
import type { Codec } from "../codec/codec.ts";
import type { Contract, MethodSettings } from "../contract/types.ts";
import type { Reply } from "../envelope/reply.ts";
import type { Request } from "../envelope/request.ts";
import { RpcError } from "../errors/rpc_error.ts";
import type { Delivery } from "../transport/transport.ts";
import { BrokerClock } from "./broker_clock.ts";
import type { Opened } from "./open.ts";
import type { CallFacts } from "./received_call.ts";

/** What became of a request that was looked at before any handler. */
export type Received =
  | { readonly kind: "call"; readonly facts: CallFacts }
  /** It is answered without a handler. */
  | { readonly kind: "refused"; readonly error: RpcError };

/**
 * Decodes requests and encodes results: stops 7 and 11 of a call. What does not decode, or names no method,
 * never reaches a handler.
 */
export class Receiver {
  readonly #contract: Contract;
  readonly #codec: Codec;
  /** The broker's clock, by which deadlines are kept. */
  readonly brokerClock: BrokerClock = new BrokerClock();

  constructor(contract: Contract, codec: Codec) {
    this.#contract = contract;
    this.#codec = codec;
  }

  /** When the call must be done by this machine's clock: store time plus timeout, whatever the caller's clock says. */
  deadline(request: Request, delivery: Delivery, nowMs: number): number {
    return this.brokerClock.toLocal(delivery.storedAtMs, nowMs) + request.timeoutMs;
  }

  /** Turns a request into a call, or into the error that answers it. */
  receive({ request, plain, index }: Opened, delivery: Delivery, deadlineMs: number): Received {
    const method = delivery.message.tag;
    const settings = this.#settings(method);
    if (settings === undefined) {
      return refused(
        "unimplemented",
        `"${this.#contract.name}" has no method ${JSON.stringify(method.slice(0, 80))}`,
      );
    }
    if (request.body !== undefined && request.type !== this.#codec.contentType) {
      return refused(
        "invalid_argument",
        `"${this.#contract.name}" reads ${this.#codec.contentType}, not ${request.type.slice(0, 80)}`,
      );
    }
    try {
      const input = request.body === undefined ? undefined : this.#codec.decode(request.body);
      const attempt = Math.min(ATTEMPTS, Math.max(delivery.starts + 1, request.attempt));
      return {
        kind: "call",
        facts: { request, method, settings, input, delivery, deadlineMs, attempt, plain, index },
      };
    } catch (error) {
      return refused("invalid_argument", error instanceof Error ? error.message : String(error));
    }
  }

  /** Encodes what a handler answered; an output that cannot be encoded becomes an error that says so. */
  toReply(id: string, result: Result, maxBodyBytes: number): Reply {
    if (!result.ok) return { id, ok: false, error: result.error, ran: result.ran };
    const type = this.#codec.contentType;
    try {
      const body = result.output === undefined ? undefined : this.#codec.encode(result.output);
      if (body === undefined || body.length <= maxBodyBytes) return { id, ok: true, type, body };
      return lost(id, `Cannot send an output of ${body.length} bytes: at most ${maxBodyBytes} travel`);
    } catch (error) {
      return lost(id, error instanceof Error ? error.message : String(error));
    }
  }

  #settings(method: string): MethodSettings | undefined {
    return Object.hasOwn(this.#contract.methods, method)
      ? this.#contract.methods[method]?.settings
      : undefined;
  }
}

function refused(code: "unimplemented" | "invalid_argument", message: string): Received {
  return { kind: "refused", error: new RpcError(code, message, { outcome: "rejected" }) };
}

function lost(id: string, message: string): Reply {
  const error = new RpcError("internal", message, { outcome: "executed_reply_lost", callId: id });
  return { id, ok: false, error, ran: "lost" };
}
