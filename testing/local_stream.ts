import { createDeferred, type Deferred } from "../src/async/deferred.ts";
import type { Call } from "../src/call/call.ts";
import { STREAM_ITEMS } from "../src/client/defaults.ts";
import { type ItemSource, OpenStream } from "../src/client/item_stream.ts";
import type { PendingCall } from "../src/client/pending.ts";
import { readOutput } from "../src/client/reply_reader.ts";
import type { MethodPlaces } from "../src/codec/places.ts";
import type { Reply } from "../src/envelope/reply.ts";
import { RpcError } from "../src/errors/rpc_error.ts";
import type { Answers, ItemBody } from "../src/server/answers.ts";
import type { CallFacts } from "../src/server/call_facts.ts";
import type { CallStream } from "../src/server/received_call.ts";

type Step = IteratorResult<unknown, undefined>;

const DONE: Step = Object.freeze({ done: true, value: undefined });

/** Both ends of a stream that never leaves the process: its items are encoded, and decoded when they are read. */
export class LocalStream implements PendingCall, CallStream, ItemSource {
  readonly id: string;
  begun = false;
  readonly #call: Call;
  readonly #places: MethodPlaces;
  readonly #opening: Deferred<unknown> = createDeferred();
  readonly #items: Extract<Reply, { ok: true }>[] = [];
  readonly #readers: Deferred<Step>[] = [];
  #room: Deferred<void> | undefined;
  #verdict: Reply | undefined;
  #facts: CallFacts | undefined;
  #answers: Answers | undefined;
  /** Set once nothing more comes. */
  #over: { error: RpcError | undefined } | undefined;
  /** Told when its caller does not read it any more. */
  onGivenUp: () => void = () => {};
  /** Told when everything has come. */
  onEnd: () => void = () => {};

  constructor(call: Call, id: string, places: MethodPlaces) {
    this.#call = call;
    this.id = id;
    this.#places = places;
  }

  /** Resolves to the stream when its first item or its end has come. */
  get promise(): Promise<unknown> {
    return this.#opening.promise;
  }
  get method(): string {
    return this.#call.method;
  }
  get oneway(): boolean {
    return false;
  }

  /** What it encodes its items with. */
  attach(facts: CallFacts, answers: Answers): this {
    this.#facts = facts;
    this.#answers = answers;
    return this;
  }

  room(): Promise<void> | undefined {
    this.#refuseOver();
    if (this.#items.length < STREAM_ITEMS) return undefined;
    return (this.#room ??= createDeferred<void>()).promise;
  }

  push(item: unknown): Promise<void> | undefined {
    this.#refuseOver();
    if (this.#facts === undefined || this.#answers === undefined) throw new TypeError("It has no call yet");
    this.begun = true;
    const body = this.#answers.toItem(this.#facts, item);
    if (body instanceof Promise) return body.then((late) => this.#take(late));
    this.#take(body);
    return undefined;
  }

  release(): void {
    this.#room?.resolve();
    this.#room = undefined;
  }

  end(reply: Reply): void {
    if (this.#over !== undefined) return;
    this.onEnd();
    let error: RpcError | undefined;
    try {
      readOutput(this.#call, this.id, this.#verdict ?? reply, this.#places);
    } catch (failure) {
      error = RpcError.from(failure);
    }
    if (this.#items.length === 0 && error !== undefined) this.#opening.reject(error);
    this.#close(error);
  }

  withdrawn(reason: RpcError): void {
    if (this.begun) this.end({ id: this.id, ok: false, error: reason, ran: "maybe" });
  }

  replied(reply: Reply): boolean {
    this.end(reply);
    return true;
  }

  timedOut(error: RpcError): void {
    this.#giveUp(error);
  }

  failed(error: RpcError): void {
    this.#items.length = 0;
    this.#giveUp(error);
  }

  next(): Promise<Step> {
    const reader = createDeferred<Step>();
    this.#readers.push(reader);
    this.#serve();
    return reader.promise;
  }

  return(): Promise<Step> {
    if (this.#over === undefined) {
      this.onEnd();
      this.onGivenUp();
    }
    this.#items.length = 0;
    this.#close(undefined);
    return Promise.resolve(DONE);
  }

  #take(item: ItemBody): void {
    this.#refuseOver();
    if (item.lost !== undefined) {
      this.#verdict = item.lost;
      throw item.lost.error;
    }
    this.#items.push({ id: this.id, ok: true, type: item.type, body: item.body });
    this.#opening.resolve(new OpenStream(this));
    this.#serve();
  }

  #giveUp(error: RpcError): void {
    this.onGivenUp();
    this.#opening.reject(error);
    this.#close(error);
  }

  #close(error: RpcError | undefined): void {
    if (this.#over !== undefined) return;
    this.#over = { error };
    this.#opening.resolve(new OpenStream(this));
    this.release();
    this.#serve();
  }

  #serve(): void {
    while (this.#readers.length > 0 && (this.#items.length > 0 || this.#over !== undefined)) {
      const item = this.#items.shift();
      const reader = this.#readers.shift();
      if (item !== undefined) this.#give(item, reader);
      else if (this.#over?.error === undefined) reader?.resolve(DONE);
      else {
        reader?.reject(this.#over.error);
        this.#over.error = undefined;
      }
    }
    if (this.#items.length < STREAM_ITEMS) this.release();
  }

  #give(item: Reply, reader: Deferred<Step> | undefined): void {
    try {
      reader?.resolve({ done: false, value: readOutput(this.#call, this.id, item, this.#places) });
    } catch (error) {
      reader?.reject(error);
    }
  }

  #refuseOver(): void {
    if (this.#over !== undefined) throw this.#over.error ?? new RpcError("cancelled", "The stream has ended");
  }
}
