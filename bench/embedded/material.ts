import { FakeTransport } from "../../tests/helpers/fake_transport.ts";
import { systemClock } from "../../src/async/clock.ts";
import { createIds } from "../../src/async/ids.ts";
import { systemRandom } from "../../src/async/random.ts";
import { TimerWheel } from "../../src/async/timer_wheel.ts";
import type { Call } from "../../src/call/call.ts";
import { Composer } from "../../src/client/compose.ts";
import type { Outgoing } from "../../src/client/outgoing.ts";
import { Packer } from "../../src/client/packer.ts";
import { json } from "../../src/codec/json.ts";
import { type MethodPlaces, placesOf } from "../../src/codec/places.ts";
import type { Reply } from "../../src/envelope/reply.ts";
import type { Request } from "../../src/envelope/request.ts";
import { Replier } from "../../src/server/replier.ts";
import type { Delivery, Message } from "../../src/transport/transport.ts";
import { type Body, bodyOf, type Echo, echoContract } from "../broker/contract.ts";

/** Waits long enough for any call of a run. */
export const TIMEOUT_MS = 10_000;

/** What the stops have in common, and the messages that one stop hands to the next. */
export class Material {
  readonly contract: Echo = echoContract("bench.Echo", "ours");
  readonly places: MethodPlaces = placesOf("bench.Echo", "echo");
  readonly value: Body;
  readonly body: Uint8Array;
  readonly wheel: TimerWheel = new TimerWheel(systemClock);
  readonly composer: Composer;
  readonly call: Call;

  /** @param body bytes of the JSON that travels, in either direction */
  constructor(body: number) {
    this.value = bodyOf(1, body);
    this.body = json.encode(this.value);
    this.composer = this.composing(new FakeTransport());
    const { kind, settings } = this.contract.methods.echo;
    this.call = {
      contract: this.contract,
      method: "echo",
      kind,
      settings,
      key: undefined,
      input: this.value,
      options: {},
    };
  }

  /** What composes requests that are answered to the transport's address. */
  composing(transport: FakeTransport): Composer {
    return new Composer({ transport, clock: systemClock, newId: createIds(systemClock), from: "bench/1" });
  }

  /** A request as it is composed. */
  request(): Request {
    return this.composer.compose(this.call, this.value, TIMEOUT_MS, undefined, this.places.input);
  }

  /** So many of them. */
  requests(calls: number): readonly Request[] {
    return Array.from({ length: calls }, () => this.request());
  }

  /** What sends them, and where to. */
  packer(transport: FakeTransport): Packer {
    const lane = {
      topic: "bench.Echo",
      slot: 0,
      slots: 1,
      foreign: false,
      indexCalls: "calls",
      groups: false,
    } as const;
    return new Packer(transport, lane);
  }

  /** The message that carries the requests. */
  async requestMessage(requests: readonly Request[]): Promise<Message> {
    const transport = new FakeTransport();
    const { promise, resolve } = Promise.withResolvers<Message>();
    transport.onSend = (message) => Promise.resolve(resolve(message));
    const packer = this.packer(transport);
    for (const request of requests) packer.add(outgoing(request), true);
    return await promise;
  }

  /** The message that carries the replies to the requests. */
  async replyMessage(requests: readonly Request[]): Promise<Omit<Message, "topic">> {
    const transport = new FakeTransport();
    const { promise, resolve } = Promise.withResolvers<Omit<Message, "topic">>();
    transport.onSendTo = ({ message }) => Promise.resolve(resolve(message));
    const replier = new Replier(transport, systemClock, systemRandom);
    for (const request of requests) {
      replier.send({
        reply: this.reply(request),
        method: "echo",
        replyTo: request.replyTo,
        plain: undefined,
        near: deliveryOf({ topic: "bench.Echo", tag: "echo", keys: [], headers: new Map(), body: this.body }),
        untilMs: Infinity,
        done: () => {},
      });
    }
    return await promise;
  }

  /** The answer to a request. */
  reply({ id }: Request): Reply {
    return { id, ok: true, type: json.contentType, body: this.body };
  }
}

/** A request that nobody waits for. */
export function outgoing(request: Request): Outgoing {
  return {
    request,
    method: "echo",
    live: true,
    handOver: () => true,
    stored: () => {},
    sendFailed: (error) => {
      throw error;
    },
  };
}

const QUEUE = Object.freeze({ topic: "bench.Echo", broker: "embedded", id: 0 });
const RECORDED = Promise.resolve();

/** A message as it is received. */
export function deliveryOf(message: Message): Delivery {
  return {
    message,
    queue: QUEUE,
    offset: 0,
    storedAtMs: Date.now(),
    starts: 0,
    started: () => RECORDED,
    ack: () => {},
  };
}
