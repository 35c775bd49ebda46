import { createIds } from "../../src/async/ids.ts";
import { TimerWheel } from "../../src/async/timer_wheel.ts";
import type { CallScope } from "../../src/call/scope.ts";
import { Caller, type ProxySettings } from "../../src/client/caller.ts";
import { json } from "../../src/codec/json.ts";
import type { CallOptions } from "../../src/contract/call_options.ts";
import type { Contract } from "../../src/contract/types.ts";
import { HEADER } from "../../src/envelope/headers.ts";
import { decodePack } from "../../src/envelope/pack.ts";
import { readRequest, type Request } from "../../src/envelope/request.ts";
import type { Ran } from "../../src/call/inbound.ts";
import type { Code } from "../../src/errors/code.ts";
import type { Outcome } from "../../src/errors/outcome.ts";
import { RpcError } from "../../src/errors/rpc_error.ts";
import type { Message, QueueRef } from "../../src/transport/transport.ts";
import { FakeTransport } from "./fake_transport.ts";
import { ManualClock } from "./manual_clock.ts";

/** A request as it left, and where to. */
export interface SentRequest {
  readonly request: Request;
  readonly queue: QueueRef;
  readonly method: string;
}

/** The requests in a message that was sent: one, those of a pack, or none where it is a cancel. */
export function requestsIn({ headers, body }: Message): readonly Request[] {
  const kind = headers.get(HEADER.kind);
  if (kind === "cancel") return [];
  const entries = kind === "pack" ? decodePack(body) : [{ headers, body }];
  return entries.map((entry) => readRequest(headers, entry.headers, entry.body));
}

/** A caller on a fake transport and a clock that stands still; pauses are half of their upper bound. */
export class CallerFixture {
  /** The call that further calls are nested in. */
  scope: CallScope | undefined;
  readonly clock = new ManualClock();
  readonly wheel = new TimerWheel(this.clock);
  readonly transport = new FakeTransport();
  readonly caller = new Caller({
    transport: this.transport,
    clock: this.clock,
    random: () => 0.5,
    wheel: this.wheel,
    newId: createIds(this.clock),
    from: "test/1",
    scope: () => this.scope,
  });

  /** Calls a method of a contract. Whoever does not wait for the call need not care how it ends. */
  call(
    contract: Contract,
    method: string,
    input?: unknown,
    { key, ...options }: CallOptions & { readonly key?: string } = {},
    settings: Partial<ProxySettings> = {},
  ): Promise<unknown> {
    const declared = contract.methods[method];
    if (declared === undefined) throw new TypeError(`No method ${method}`);
    const call = this.caller.call(
      { contract, method, kind: declared.kind, settings: declared.settings, key, input, options },
      { timeoutMs: 5_000, instance: undefined, scope: undefined, ...settings },
    );
    call.catch(() => {});
    return call;
  }

  /** Every request that left, in order; one that left again stands there again. */
  get sent(): readonly SentRequest[] {
    return this.transport.sent.flatMap(({ message, queue }) =>
      requestsIn(message).map((request) => ({ request, queue, method: message.tag }))
    );
  }

  /** The inputs of the requests that left, in order. */
  get inputs(): readonly unknown[] {
    return this.sent.map(({ request }) => request.body && json.decode(request.body));
  }

  /** Lets the callee answer the request that left as the n-th. */
  answer(index: number, output?: unknown): void {
    const body = output === undefined ? undefined : json.encode(output);
    this.caller.pending.reply({ id: this.#id(index), ok: true, type: json.contentType, body });
  }

  /** Lets the callee refuse the request that left as the n-th, and say which message that was. */
  refuse(index: number, code: Code, ran: Ran = "no", origin?: string): void {
    const id = this.#id(index);
    const outcome: Outcome = ran === "no" ? "rejected" : ran === "yes" ? "replied" : "sent_unknown";
    const error = new RpcError(code, `The callee says ${code}`, { outcome, callId: id });
    this.caller.pending.reply({ id, ok: false, error, ran, origin });
  }

  /** Lets the next sends fail, as many as there are outcomes; those after them succeed. */
  failSends(...outcomes: readonly ("not_sent" | "sent_unknown")[]): void {
    const left = [...outcomes];
    this.transport.onSend = () => {
      const outcome = left.shift();
      return outcome === undefined ? Promise.resolve() : Promise.reject(sendFailure(outcome));
    };
  }

  /** Whether nothing is left behind. */
  get clean(): readonly number[] {
    return [this.caller.pending.size, this.wheel.size, this.clock.timers];
  }

  #id(index: number): string {
    const sent = this.sent.at(index);
    if (sent === undefined) throw new TypeError(`No request ${index} has left`);
    return sent.request.id;
  }
}

/** What a transport says of a send that failed. */
export function sendFailure(outcome: "not_sent" | "sent_unknown"): RpcError {
  return new RpcError("unavailable", `The broker is gone, ${outcome}`, { outcome });
}

/** The call inside which others are made. */
export function scopeOf(changes: Partial<CallScope> & Pick<CallScope, "deadline">): CallScope {
  return { signal: new AbortController().signal, path: ["test.Outer/run"], trace: undefined, ...changes };
}
