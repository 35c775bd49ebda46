import assert from "node:assert/strict";
import { createSystem, embedded, embeddedBroker, type HandlerInterceptor, type System } from "rocket-actors";
import { systemClock } from "../../src/async/clock.ts";
import { STREAM_IDLE_MS } from "../../src/call/defaults.ts";
import { topicOf } from "../../src/call/plan.ts";
import type { TreeNode } from "../../src/call/tree.ts";
import type { DirectMessage, Transport } from "../../src/transport/transport.ts";
import { nodeAt } from "../helpers/tree.ts";
import { GOOD, goodCalls, serveTargets, TARGETS } from "./targets.ts";
import { Watched } from "./watched.ts";

/** More than one batch, and soon full. */
const RETAINED = 30_000;
/**
 * How long a batch may take to be settled, in milliseconds: a stream whose reader is silent holds its key for
 * {@linkcode STREAM_IDLE_MS}, and there may be some of one key.
 */
const SETTLE_LIMIT_MS = 5 * STREAM_IDLE_MS;

/** A system that serves everything hostile input is sent to, and an attacker on the same broker. */
export class Stage implements AsyncDisposable {
  readonly system: System;
  readonly watched: Watched;
  /** Sends whatever it likes. */
  readonly attacker: Transport;
  /** Ids of calls whose handlers ran. */
  readonly ran: Set<string>;
  /** Told of everything that reaches the attacker's address. */
  onReply: (message: DirectMessage) => void = () => {};
  readonly #close: () => void;

  private constructor(
    system: System,
    watched: Watched,
    attacker: Transport,
    ran: Set<string>,
    close: () => void,
  ) {
    this.system = system;
    this.watched = watched;
    this.attacker = attacker;
    this.ran = ran;
    this.#close = close;
    attacker.onDirect((message) => this.onReply(message));
  }

  static async start(): Promise<Stage> {
    const broker = embeddedBroker({ retainedMessages: RETAINED, retainedBytes: 64 * 1024 * 1024 });
    const contracts = new Map(TARGETS.map(({ contract }) => [topicOf(contract.name), contract]));
    const watched = new Watched(embedded(broker), contracts);
    const ran = new Set<string>();
    const note: HandlerInterceptor = (call, next) => {
      ran.add(call.context.callId);
      return next(call);
    };
    const { transport } = watched;
    const system = await createSystem({ name: "target", transport, handlerInterceptors: [note] });
    await serveTargets(system);
    const attacker = embedded(broker);
    await attacker.start({ clock: systemClock, random: Math.random, instance: 4_711 });
    return new Stage(system, watched, attacker, ran, () => broker.close());
  }

  /** A number of the tree. */
  detail(name: string, ...path: readonly string[]): number {
    return Number(nodeAt(this.system.tree(), ...path).details?.[name] ?? NaN);
  }

  /** A number of the intakes of all services together. */
  intake(name: string): number {
    return TARGETS.reduce((sum, { contract }) => sum + this.detail(name, contract.name, "intake"), 0);
  }

  /** Waits until `done` says so, within reason. */
  async until(done: () => boolean, what: () => string): Promise<void> {
    const limit = performance.now() + SETTLE_LIMIT_MS;
    while (!done()) {
      if (performance.now() >= limit) assert.fail(`Not settled in ${SETTLE_LIMIT_MS} ms: ${what()}`);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  /** Nothing of the tree has failed, no prototype was touched, and good calls are answered. */
  async isUnharmed(): Promise<void> {
    assert.deepEqual(troubled(this.system.tree()), []);
    assert.deepEqual(await goodCalls(this.system), GOOD);
    assert.deepEqual(Object.keys(Object.prototype), []);
    assert.deepEqual(Object.keys(Array.prototype), []);
    assert.equal(Reflect.get({}, "polluted"), undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.system[Symbol.asyncDispose]();
    await this.attacker.close();
    this.#close();
  }
}

function troubled(node: TreeNode): readonly string[] {
  // Idle keys of an entity have no life.
  const up = node.state === "running" || (node.kind === "cell" && node.state === "stopped");
  return [...(up ? [] : [`${node.id} is ${node.state}`]), ...node.children.flatMap(troubled)];
}
