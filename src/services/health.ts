import type { Handlers } from "../call/handler.ts";
import type { TreeNode } from "../call/tree.ts";
import { defineService } from "../contract/define.ts";
import { method } from "../contract/method.ts";
import type { Method, Service } from "../contract/types.ts";
import { type ContractStats, statsOf } from "./stats.ts";

/** What an instance says of itself. */
export interface InstanceInfo {
  /** The system's name. */
  readonly name: string;
  /** Its number in base 36: part of its names on the broker. */
  readonly instance: string;
  /** The version of this library. */
  readonly version: string;
  /** When it started, epoch milliseconds by its own clock. */
  readonly startedAtMs: number;
  /** Its own clock, epoch milliseconds. */
  readonly nowMs: number;
  /** The contracts that it serves. */
  readonly contracts: readonly string[];
  /** The runtime, such as `deno 2.9.6`. */
  readonly runtime: string;
}

/** The methods of {@linkcode Health}. */
export interface HealthMethods {
  /** Answers with the instance's own time, epoch milliseconds. */
  readonly ping: Method<void, number>;
  /** Who it is. */
  readonly info: Method<void, InstanceInfo>;
  /** What it has counted, per contract and method. */
  readonly stats: Method<void, readonly ContractStats[]>;
  /** Its supervision tree. */
  readonly tree: Method<void, TreeNode>;
}

/**
 * The health of one instance, served by every system. It has no queue: `client(Health, { instance })` names the
 * instance by its address (`system.address`), and what is sent there is not stored.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { createSystem, embedded, Health } from "rocket-actors";
 *
 * await using system = await createSystem({ name: "bank", transport: embedded() });
 * const health = system.client(Health, { instance: system.address });
 * assert.equal((await health.info()).name, "bank");
 * assert.equal((await health.tree()).state, "running");
 * ```
 */
export const Health: Service<HealthMethods> = defineService("rocket.Health", {
  ping: method<void, number>({ safe: true }),
  info: method<void, InstanceInfo>({ safe: true }),
  stats: method<void, readonly ContractStats[]>({ safe: true }),
  tree: method<void, TreeNode>({ safe: true }),
});

/** What the health of an instance is read from. */
export interface HealthSource {
  nowMs(): number;
  info(): InstanceInfo;
  tree(): TreeNode;
}

/** The handlers of {@linkcode Health} for one instance. */
export function healthHandlers(source: HealthSource): Handlers<typeof Health> {
  return {
    ping: () => source.nowMs(),
    info: () => source.info(),
    stats: () => statsOf(source.tree()),
    tree: () => source.tree(),
  };
}
