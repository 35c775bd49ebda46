import { readCancel } from "../envelope/cancel.ts";
import { readControl, type StreamControl } from "../envelope/credit.ts";
import { travelling } from "../envelope/body.ts";
import { HEADER } from "../envelope/headers.ts";
import { replyHeaders } from "../envelope/reply.ts";
import { RpcError } from "../errors/rpc_error.ts";
import { EVENTS } from "../log/events.ts";
import { logger } from "../log/log.ts";
import type { DirectMessage, Transport } from "../transport/transport.ts";

/** What has calls that their callers may cancel. */
export interface Cancellable {
  /** Ends the call of that id as its caller asks; `false` when it is not known. */
  cancel(callId: string): boolean;
  /** Remembers for a while that the call of that id is cancelled, should it come. */
  expectCancelled(callId: string): void;
}

/** What has streams whose readers tell how far they are. */
export interface Streaming {
  /** Takes what a reader tells; `false` when its stream does not run here. */
  control(control: StreamControl): boolean;
}

/** What serves requests that came past all queues. */
export interface DirectRequests extends Cancellable {
  /** Takes one request. Does not throw. */
  receive(message: DirectMessage): void;
}

const log = logger("callee");

/**
 * Takes what arrives at this instance's addresses where it belongs: replies to the calling side, cancels to whoever has
 * the call, requests to the contracts that are addressed by instance. Nothing of it waits behind a mailbox.
 */
export class DirectListener {
  readonly #replies: (message: DirectMessage) => void;
  readonly #transport: Pick<Transport, "onDirect" | "sendTo">;
  readonly #served = new Set<Cancellable & Partial<Streaming>>();
  #requests: DirectRequests | undefined;
  #refused = 0;
  #unknownCancels = 0;
  #unknownStreams = 0;

  /**
   * Listens from now on.
   *
   * @param transport whose one listener this becomes
   * @param replies takes replies, packs of them, and plain answers
   */
  constructor(
    transport: Pick<Transport, "onDirect" | "sendTo">,
    replies: (message: DirectMessage) => void,
  ) {
    this.#transport = transport;
    this.#replies = replies;
    transport.onDirect((message) => this.#receive(message));
  }

  /** Messages that nobody here takes. */
  get refused(): number {
    return this.#refused;
  }

  /** Cancels of calls that were not known. */
  get unknownCancels(): number {
    return this.#unknownCancels;
  }

  /** Credits and pings of streams that did not run here. */
  get unknownStreams(): number {
    return this.#unknownStreams;
  }

  /** A contract is served from now on: its calls can be cancelled. */
  add(served: Cancellable & Partial<Streaming>): void {
    this.#served.add(served);
  }

  /** The contract is served no more. */
  remove(served: Cancellable): void {
    this.#served.delete(served);
  }

  /** Sets what serves requests by direct address. */
  serve(requests: DirectRequests): void {
    this.#requests = requests;
    this.#served.add(requests);
  }

  #receive(message: DirectMessage): void {
    const kind = message.headers.get(HEADER.kind);
    switch (kind) {
      case undefined:
      case "reply":
      case "pack":
      case "item":
      case "end":
        return this.#replies(message);
      case "credit":
      case "ping":
        return this.#control(message);
      case "cancel":
        return this.#cancel(message);
      case "request":
        if (this.#requests !== undefined) return this.#requests.receive(message);
        return this.#refuse("This instance serves nothing by direct address");
      default:
        return this.#refuse(`Its kind is ${JSON.stringify(kind.slice(0, 20))}`);
    }
  }

  #cancel({ headers }: DirectMessage): void {
    const callId = readCancel(headers);
    if (callId === undefined) return this.#refuse("It cancels a call and does not say which");
    for (const served of this.#served) {
      if (served.cancel(callId)) return;
    }
    this.#unknownCancels++;
    log.debug(EVENTS.callee.unknownCancel, { callId });
    for (const served of this.#served) served.expectCancelled(callId);
  }

  #control(message: DirectMessage): void {
    const control = readControl(message.headers);
    if (control === undefined) return this.#refuse("It is of a stream and does not say of which");
    if (control.kind === "pong") return this.#replies(message);
    for (const served of this.#served) {
      if (served.control?.(control)) return;
    }
    this.#unknownStreams++;
    log.debug(EVENTS.callee.unknownStream, { callId: control.id, kind: control.kind });
    if (control.replyTo !== undefined) this.#disown(control.id, control.replyTo);
  }

  /** Its reader need not wait: whatever ran here under that id has ended, or was given up. */
  #disown(id: string, replyTo: string): void {
    const message = "The stream does not run any more where it was produced";
    const error = new RpcError("unavailable", message, { outcome: "sent_unknown", callId: id });
    const headers = replyHeaders({ id, ok: false, error, ran: "maybe" });
    this.#transport.sendTo(replyTo, { tag: "", keys: [], headers, body: travelling(undefined) })
      .catch((failure) => log.debug(EVENTS.callee.streamControlFailed, { callId: id, error: failure }));
  }

  #refuse(reason: string): void {
    this.#refused++;
    log.warn(EVENTS.callee.directRefused, { reason });
  }
}
