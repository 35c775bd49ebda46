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

/**
 * The machine's clock, which a test can make run faster: while it waits for time to pass, and not where something has to
 * be done in time, which no machine does any faster.
 */
export class HastyClock implements Clock {
  #factor = 1;
  /** Where both clocks stood when this one changed its pace last. */
  #since = { here: systemClock.monotonic(), there: systemClock.monotonic() };
  readonly #changes = new Set<() => void>();

  now(): number {
    return systemClock.now();
  }

  monotonic(): number {
    const { here, there } = this.#since;
    return here + (systemClock.monotonic() - there) * this.#factor;
  }

  after(ms: number, callback: () => void): ReturnType<Clock["after"]> {
    const dueAt = this.monotonic() + ms;
    const start = () =>
      systemClock.after(Math.max(0, dueAt - this.monotonic()) / this.#factor, () => {
        this.#changes.delete(change);
        callback();
      });
    let timer = start();
    const change = (): void => {
      timer.cancel();
      timer = start();
    };
    this.#changes.add(change);
    return {
      cancel: () => {
        this.#changes.delete(change);
        timer.cancel();
      },
    };
  }

  /** Everything, what waits already too, takes that fraction of its time from now on. */
  pace(factor: number): void {
    this.#since = { here: this.monotonic(), there: systemClock.monotonic() };
    this.#factor = factor;
    for (const change of this.#changes) change();
  }
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
