import { systemClock } from "../../src/async/clock.ts";
import type { Call } from "../../src/call/call.ts";
import { checkInput } from "../../src/client/compose.ts";
import { type CallDesk, OutboundCall } from "../../src/client/outbound_call.ts";
import { PendingCalls } from "../../src/client/pending.ts";
import { createProxy } from "../../src/client/proxy.ts";
import { listenForReplies } from "../../src/client/reply_listener.ts";
import { Owners } from "../../src/client/owners.ts";
import { type Route, Routes } from "../../src/client/routes.ts";
import type { Codec } from "../../src/codec/codec.ts";
import { json } from "../../src/codec/json.ts";
import type { Request } from "../../src/envelope/request.ts";
import type { Message } from "../../src/transport/transport.ts";
import { FakeTransport } from "../../tests/helpers/fake_transport.ts";
import { defineService, method } from "rocket-actors";
import type { Body } from "../broker/contract.ts";
import { type Material, outgoing, TIMEOUT_MS } from "./material.ts";
import type { Stop } from "./stop.ts";

const NOTHING: Promise<unknown> = Promise.resolve();

/** The stops of a call at its caller, before it is stored. */
export function outwardStops(material: Material): readonly Stop[] {
  return [compose(material), encode(material), enter(material), pack(material)];
}

function compose(material: Material): Stop {
  // Encoding is a stop of its own.
  const codec: Codec = { ...json, encode: () => material.body };
  const contract = defineService("bench.Bare", {
    echo: method<Body, Body>({ safe: true, timeoutMs: TIMEOUT_MS }),
  }, { codec });
  const { composer, places, value } = material;
  const { echo } = createProxy(contract, (call: Call) => {
    composer.compose(call, checkInput(call), TIMEOUT_MS, undefined, places.input);
    return NOTHING;
  });
  const prepare = (messages: number, calls: number) => () => {
    for (let left = messages * calls; left > 0; left--) void echo(value);
  };
  return { name: "proxy, request composed", prepare };
}

function encode({ value, places }: Material): Stop {
  const prepare = (messages: number, calls: number) => () => {
    for (let left = messages * calls; left > 0; left--) json.encode(value, places.input);
  };
  return { name: "input encoded as JSON", prepare };
}

function enter(material: Material): Stop {
  const prepare = (messages: number, calls: number) => {
    const requests = material.requests(messages * calls);
    const table = new Table(material);
    return () => {
      for (const request of requests) table.enter(request);
      for (const { id } of requests) table.pending.finish(id);
    };
  };
  return { name: "table of pending calls, deadline", prepare };
}

function pack(material: Material): Stop {
  const prepare = (messages: number, calls: number) => {
    const transport = new FakeTransport();
    const packer = material.packer(transport);
    const batches = Array.from({ length: messages }, () => material.requests(calls).map(outgoing));
    return async () => {
      for (const batch of batches) {
        const { promise, resolve } = Promise.withResolvers<void>();
        transport.onSend = () => Promise.resolve(resolve());
        for (const one of batch) packer.add(one, true);
        await promise;
      }
    };
  };
  return { name: "packer, request message", prepare };
}

/** The last stop: the replies are read, and the callers' promises settled. */
export function settleStop(material: Material): Stop {
  const prepare = async (messages: number, calls: number) => {
    const table = new Table(material);
    const received: Omit<Message, "topic">[] = [];
    for (let left = messages; left > 0; left--) {
      const requests = material.requests(calls);
      for (const request of requests) table.enter(request);
      received.push(await material.replyMessage(requests));
    }
    const listen = listenForReplies(table.pending, new Owners());
    return () => {
      for (const { headers, body } of received) listen({ headers, body, plain: undefined });
      if (table.pending.size > 0) throw new Error("A reply did not settle its call");
    };
  };
  return { name: "reply listener, output decoded, promise settled", prepare };
}

/** The calls that wait, as a caller keeps them. */
class Table implements CallDesk {
  readonly pending: PendingCalls;
  readonly #material: Material;
  readonly #route: Route;

  constructor(material: Material) {
    this.#material = material;
    this.pending = new PendingCalls(material.wheel);
    this.#route = new Routes(new FakeTransport(), systemClock, new Owners()).of(material.call);
  }

  enter(request: Request): void {
    const call = new OutboundCall(this.#material.call, this.#route, undefined, request, this);
    this.pending.add(call, TIMEOUT_MS, undefined);
  }

  nowMs(): number {
    return systemClock.now();
  }
  proceed(): void {}
  again(): boolean {
    return false;
  }
  cancelled(): void {}
  over(): void {}
}
