import assert from "node:assert/strict";
import { createDeferred, type Deferred } from "../../src/async/deferred.ts";
import { KeyedPacker } from "../../src/client/keyed_packer.ts";
import type { KeyedOutgoing } from "../../src/client/lane.ts";
import type { Request } from "../../src/envelope/request.ts";
import type { RpcError } from "../../src/errors/rpc_error.ts";
import type { QueueRef } from "../../src/transport/transport.ts";
import { requestsIn, sendFailure } from "./caller_fixture.ts";
import { requestOf } from "./deliveries.ts";
import { FakeTransport } from "./fake_transport.ts";
import { turns } from "./settled.ts";

/** A request whose fate the test decides. */
export class Made implements KeyedOutgoing {
  readonly request: Request;
  readonly key: string;
  readonly failures: RpcError[] = [];
  live = true;
  paused = false;
  queue: QueueRef | undefined;
  plan = 0;
  method = "run";
  slot = 0;
  slots = 1;
  /** What the call does about a failure. */
  onFailure: () => void = () => this.live = false;

  /** @param id `a1` has key `a` */
  constructor(id: string) {
    this.request = requestOf(id, { key: id.slice(0, 1) });
    this.key = id.slice(0, 1);
  }
  handOver(_queue: QueueRef, plan: number): boolean {
    this.plan = plan;
    return this.live;
  }
  stored(): void {
    assert.fail("a call waits for its reply");
  }
  sendFailed(error: RpcError): void {
    this.failures.push(error);
    this.onFailure();
  }
}

/** A packer whose sends the test settles, and whose queues it decides on. */
export class KeyedPackerFixture {
  readonly transport = new FakeTransport();
  readonly packer: KeyedPacker;
  /** The sends that have left, in order. */
  readonly held: Deferred<void>[] = [];
  /** How often the plan was asked for anew. */
  fresh = 0;
  #queues = 1;

  constructor(queues = 1, groups = false) {
    const to = { topic: "test-Service", foreign: false, indexCalls: "calls" as const, groups };
    this.packer = new KeyedPacker(this.transport, to);
    this.plan(queues);
    this.transport.onSend = () => {
      const answer = createDeferred<void>();
      this.held.push(answer);
      return answer.promise;
    };
  }

  /** From now on there are so many queues, by the plan of that number. */
  plan(queues: number, number = 0): void {
    this.#queues = queues;
    this.transport.onPlan = async (topic, fresh) => {
      if (fresh) this.fresh++;
      return { number, queues: await this.transport.onQueues(topic) };
    };
    this.transport.onQueues = (topic) =>
      Promise.resolve(Array.from({ length: this.#queues }, (_, id) => ({ topic, broker: "a", id })));
  }

  /** Requests are made that may go in a pack. */
  async add(...made: readonly Made[]): Promise<void> {
    for (const each of made) this.packer.add(each, true);
    await turns();
  }

  /** The broker answers a send, or it fails. */
  async settle(index: number, outcome?: "not_sent" | "sent_unknown"): Promise<void> {
    if (outcome === undefined) this.held[index]?.resolve();
    else this.held[index]?.reject(sendFailure(outcome));
    await turns();
  }

  /** The ids in each message that was sent. */
  get sent(): readonly (readonly string[])[] {
    return this.transport.sent.map(({ message }) => requestsIn(message).map(({ id }) => id));
  }
}

/** Requests of these ids. */
export function made(...ids: readonly string[]): readonly Made[] {
  return ids.map((id) => new Made(id));
}
