import { type Clock, type DirectMessage, systemClock } from "rocket-actors";
import type { Message, Transport } from "../../src/transport/transport.ts";
import { grpc, type GrpcOptions } from "rocket-actors/transport/grpc";

let instances = 0;

/** A transport on a scripted proxy, and what came to its addresses. */
export interface StartedGrpc extends AsyncDisposable {
  readonly transport: Transport;
  readonly heard: DirectMessage[];
  readonly states: string[];
}

/** The machine's clock, on which everything takes a fraction of its time. */
export function hastyClock(factor: number): Clock {
  return {
    now: () => systemClock.now(),
    monotonic: () => systemClock.monotonic() * factor,
    after: (ms, callback) => systemClock.after(ms / factor, callback),
  };
}

/** Starts an instance. */
export async function startGrpc(options: GrpcOptions, clock: Clock = systemClock): Promise<StartedGrpc> {
  const transport = grpc({ pollMs: 200, ...options });
  const heard: DirectMessage[] = [];
  const states: string[] = [];
  transport.onDirect((message) => heard.push(message));
  transport.onState((state) => states.push(state));
  await transport.start({
    clock,
    random: Math.random,
    instance: Date.now() * 4_096 + instances++,
  });
  return { transport, heard, states, [Symbol.asyncDispose]: () => transport.close() };
}

/** A message whose body is a text. */
export function textMessage(topic: string, text: string, changes: Partial<Message> = {}): Message {
  const body = new TextEncoder().encode(text);
  return { topic, tag: "run", keys: [], headers: new Map(), body, ...changes };
}
