import { createDeferred, type Deferred } from "../src/async/deferred.ts";
import type { Call } from "../src/call/call.ts";
import type { PendingCall } from "../src/client/pending.ts";
import { readOutput } from "../src/client/reply_reader.ts";
import type { MethodPlaces } from "../src/codec/places.ts";
import type { Receipt } from "../src/contract/types.ts";
import type { Reply } from "../src/envelope/reply.ts";
import { RpcError } from "../src/errors/rpc_error.ts";

/** The caller's end of a call that never leaves the process. */
export class LocalCall implements PendingCall {
  readonly id: string;
  readonly #call: Call;
  readonly #places: MethodPlaces;
  readonly #result: Deferred<unknown> = createDeferred();
  /** Told when its caller does not wait any more. */
  onGivenUp: () => void = () => {};

  constructor(call: Call, id: string, places: MethodPlaces) {
    this.#call = call;
    this.id = id;
    this.#places = places;
  }

  /** What the user waits for. */
  get promise(): Promise<unknown> {
    return this.#result.promise;
  }

  get method(): string {
    return this.#call.method;
  }

  get oneway(): boolean {
    return this.#call.kind === "oneway";
  }

  replied(reply: Reply): boolean {
    try {
      this.#result.resolve(readOutput(this.#call, this.id, reply, this.#places));
    } catch (error) {
      this.#result.reject(RpcError.from(error));
    }
    return true;
  }

  /** The handler of a one-way call has ended. */
  stored(): void {
    const receipt: Receipt = {
      callId: this.id,
      messageId: this.id,
      broker: "test",
      queueId: 0,
      offset: undefined,
    };
    this.#result.resolve(receipt);
  }

  timedOut(error: RpcError): void {
    this.failed(error);
  }

  failed(error: RpcError): void {
    this.onGivenUp();
    this.#result.reject(error);
  }
}
