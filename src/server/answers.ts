import type { Timer } from "../async/clock.ts";
import { within } from "../async/within.ts";
import type { Ran, Result } from "../call/inbound.ts";
import { type MethodPlaces, placesOfAll } from "../codec/places.ts";
import { isUnchecked } from "../contract/schema.ts";
import type { Contract, DeclaredErrorSpec } from "../contract/types.ts";
import type { Reply } from "../envelope/reply.ts";
import { isCode } from "../errors/code.ts";
import { RpcError } from "../errors/rpc_error.ts";
import { EVENTS } from "../log/events.ts";
import { logger } from "../log/log.ts";
import { VALIDATION_LIMIT_MS } from "./defaults.ts";
import type { CallFacts } from "./call_facts.ts";
import { validate } from "../contract/validate.ts";

/** An item of a stream as it travels, or what ends the stream because it cannot. */
export type ItemBody =
  | { readonly type: string; readonly body: Uint8Array | undefined; readonly lost?: undefined }
  | { readonly lost: Extract<Reply, { ok: false }> };

/** What must be known of a call to answer it. */
export type Answered = Pick<CallFacts, "request" | "method" | "settings">;

const log = logger("callee");

/**
 * Turns what a handler answered into a reply: stop 11 of a call. What its schema refuses, and what cannot be encoded
 * or carried, becomes an error that says so.
 */
export class Answers {
  readonly #contract: Contract;
  readonly #places: ReadonlyMap<string, MethodPlaces>;
  readonly #maxBodyBytes: number;
  readonly #after: (ms: number, callback: () => void) => Timer;
  #lost = 0;

  /**
   * @param contract whose codec and schemas apply
   * @param maxBodyBytes what the transport carries
   * @param after sets a timer
   */
  constructor(
    contract: Contract,
    maxBodyBytes: number,
    after: (ms: number, callback: () => void) => Timer,
  ) {
    this.#contract = contract;
    this.#places = placesOfAll(contract);
    this.#maxBodyBytes = maxBodyBytes;
    this.#after = after;
  }

  /** Answers of handlers that could not travel. */
  get lost(): number {
    return this.#lost;
  }

  /** Content type of what it encodes. */
  get type(): string {
    return this.#contract.codec.contentType;
  }

  /** One item of a stream; where its schema takes its time a promise, which is bounded and never rejects. */
  toItem(call: Answered, item: unknown): ItemBody | Promise<ItemBody> {
    const { output: schema } = call.settings;
    if (schema === undefined || isUnchecked(schema)) return this.#item(call, item);
    try {
      const checked = validate(schema, item, "item");
      if (!(checked instanceof Promise)) return this.#item(call, checked);
      return within(checked, VALIDATION_LIMIT_MS, this.#after, () => tooSlow(call.method))
        .then((value) => this.#item(call, value), (error) => ({ lost: this.#toLost(call, error) }));
    } catch (error) {
      return { lost: this.#toLost(call, error) };
    }
  }

  /** The reply to a call; where a schema takes its time a promise, which is bounded and never rejects. */
  toReply(call: Answered, result: Result): Reply | Promise<Reply> {
    if (!result.ok) return this.#failure(call, result.error, result.ran);
    const { request, settings } = call;
    // Nobody gets it.
    if (request.kind === "oneway") return { id: request.id, ok: true, type: "", body: undefined };
    // It was given item by item.
    if (request.credit !== undefined) {
      return { id: request.id, ok: true, type: this.type, body: undefined };
    }
    const { output: schema } = settings;
    if (schema === undefined || isUnchecked(schema)) return this.#output(call, result.output);
    try {
      const output = validate(schema, result.output, "output");
      if (!(output instanceof Promise)) return this.#output(call, output);
      return this.#later(call, output, (value) => this.#output(call, value));
    } catch (error) {
      return this.#toLost(call, error);
    }
  }

  #item(call: Answered, item: unknown): ItemBody {
    const { codec } = this.#contract;
    try {
      const body = item === undefined
        ? undefined
        : this.#carried("an item", codec.encode(item, this.#places.get(call.method)?.output));
      return { type: codec.contentType, body };
    } catch (error) {
      return { lost: this.#toLost(call, error) };
    }
  }

  #failure(call: Answered, error: RpcError, ran: Ran): Reply | Promise<Reply> {
    const { id, kind } = call.request;
    const name = error.declared;
    const spec = ran === "yes" && kind === "request" ? this.#declared(call, error) : undefined;
    // Declared by another contract, or for another method: to this caller it is an error like any other.
    if (name === undefined || spec === undefined) return { id, ok: false, error: sendable(error), ran };
    try {
      const details = validate(spec.details, error.details, `details of "${name}"`);
      if (!(details instanceof Promise)) return this.#details(call, error, name, spec, details);
      return this.#later(call, details, (value) => this.#details(call, error, name, spec, value));
    } catch (failure) {
      return this.#toLost(call, failure);
    }
  }

  #declared({ settings: { errors } }: Answered, error: RpcError): DeclaredErrorSpec | undefined {
    if (error.declared === undefined || error.contract !== this.#contract.name) return undefined;
    return Object.hasOwn(errors, error.declared) ? errors[error.declared] : undefined;
  }

  #output(call: Answered, output: unknown): Reply {
    const { codec } = this.#contract;
    try {
      const body = output === undefined
        ? undefined
        : this.#carried("an output", codec.encode(output, this.#places.get(call.method)?.output));
      return { id: call.request.id, ok: true, type: codec.contentType, body };
    } catch (error) {
      return this.#toLost(call, error);
    }
  }

  #details(call: Answered, error: RpcError, name: string, spec: DeclaredErrorSpec, details: unknown): Reply {
    const { codec } = this.#contract;
    const { id } = call.request;
    try {
      const body = details === undefined ? undefined : this.#carried(
        "details",
        codec.encode(details, {
          contract: this.#contract.name,
          method: call.method,
          part: "details",
          error: name,
        }),
      );
      // The contract says which code it has, whoever made it.
      const declared = new RpcError(spec.code, error.message, { callId: id });
      return {
        id,
        ok: false,
        error: declared,
        ran: "yes",
        declared: { name, type: codec.contentType, body },
      };
    } catch (failure) {
      return this.#toLost(call, failure);
    }
  }

  #later(call: Answered, checked: Promise<unknown>, encode: (value: unknown) => Reply): Promise<Reply> {
    return within(checked, VALIDATION_LIMIT_MS, this.#after, () => tooSlow(call.method))
      .then(encode, (error) => this.#toLost(call, error));
  }

  #carried(what: string, body: Uint8Array): Uint8Array {
    if (body.length <= this.#maxBodyBytes) return body;
    throw new TypeError(`Cannot send ${what} of ${body.length} bytes: at most ${this.#maxBodyBytes} travel`);
  }

  #toLost({ request: { id }, method }: Answered, cause: unknown): Extract<Reply, { ok: false }> {
    this.#lost++;
    const reason = cause instanceof Error ? cause.message : String(cause);
    log.error(EVENTS.callee.answerLost, { callId: id, method, reason });
    const error = new RpcError("internal", reason, { outcome: "executed_reply_lost", callId: id });
    return { id, ok: false, error, ran: "lost" };
  }
}

function tooSlow(method: string): TypeError {
  return new TypeError(`A schema of "${method}" took longer than ${VALIDATION_LIMIT_MS} ms`);
}

/** A code that is none of ours would be read as something else: `ok`, even. */
function sendable(error: RpcError): RpcError {
  return isCode(error.code) ? error : new RpcError("unknown", error.message);
}
