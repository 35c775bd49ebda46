import assert from "node:assert/strict";
import type {
  Child,
  ChildSpec,
  ChildState,
  Exit,
  StartContext,
  StopOptions,
} from "../../actors/supervision/child.ts";
import { Supervisor, type SupervisorOptions } from "../../actors/supervision/supervisor.ts";
import type { TreeNode } from "../../src/call/tree.ts";
import { createDeferred } from "../../src/async/deferred.ts";
import { ManualClock } from "./manual_clock.ts";
import { turns } from "./settled.ts";

/**
 * What a child does when it is started or told to stop. `slow`: it waits until the test says so. `deaf`: so too, and
 * its signal changes nothing. Any other waits end when their signal aborts.
 */
export type Manner = "well" | "throws" | "slow" | "deaf";

/** One incarnation of a child as the test sees it. */
export class Actor implements Child {
  readonly name: string;
  readonly exited: StartContext["exited"];
  /** From the moment it was started until it has ended, as far as it knows itself. */
  alive = true;
  stopSignal: AbortSignal | undefined;
  readonly #stage: Stage;
  readonly #id: string;
  readonly #curtain = createDeferred<void>();

  constructor(stage: Stage, id: string, exited: StartContext["exited"]) {
    this.#stage = stage;
    this.#id = id;
    this.name = `${id}${stage.incarnations(id).length + 1}`;
    this.exited = exited;
  }

  /** Ends by itself. */
  exit(exit: Exit = { kind: "failed", error: new Error(`${this.name} broke`) }): void {
    this.alive = false;
    this.exited(exit);
  }

  /** Lets a slow or deaf stop finish. */
  finish(): void {
    this.#curtain.resolve();
  }

  async stop({ signal }: StopOptions): Promise<void> {
    this.stopSignal = signal;
    const { journal, stops } = this.#stage;
    const manner = stops.get(this.#id) ?? "well";
    journal.push(`${signal.aborted ? "kill" : "stop"} ${this.name}`);
    if (manner === "throws") {
      this.alive = false;
      throw new Error(`${this.name} cannot stop`);
    }
    if (manner !== "well") {
      await (manner === "deaf" ? this.#curtain.promise : orAborted(this.#curtain.promise, signal));
    }
    this.alive = false;
    journal.push(`end ${this.name}`);
  }

  state(): ChildState {
    return { details: { name: this.name } };
  }
}

/** Children whose every step is in one journal, under a clock that the test moves. */
export class Stage {
  readonly clock = new ManualClock();
  /** `start a1`, `up a1`, `stop a1`, `kill a1` (told to stop without time), `end a1`, `exit …`, in order. */
  readonly journal: string[] = [];
  /** By child: how it starts and stops. What is not listed does well. */
  readonly starts = new Map<string, Manner>();
  readonly stops = new Map<string, Manner>();
  /** What the supervisor reported to its parent. */
  readonly exits: Exit[] = [];
  /** Where jitter comes from: 1 makes every wait its upper bound. */
  random = 1;
  readonly #actors = new Map<string, Actor[]>();
  readonly #entrances = new Map<string, () => void>();

  /** A spec of a child that this stage plays. */
  spec(id: string, more: Partial<ChildSpec> = {}): ChildSpec {
    return { id, start: (context) => this.#start(id, context), ...more };
  }

  specs(...ids: string[]): ChildSpec[] {
    return ids.map((id) => this.spec(id));
  }

  /** What `Supervisor.start` needs from a test. */
  options(options: Partial<SupervisorOptions>): SupervisorOptions {
    return { id: "sup", clock: this.clock, random: () => this.random, ...options };
  }

  /** A supervisor at the root. */
  supervise(options: Partial<SupervisorOptions>, signal = new AbortController().signal): Promise<Supervisor> {
    return Supervisor.start(this.options(options), { signal, exited: (exit) => void this.exits.push(exit) });
  }

  incarnations(id: string): readonly Actor[] {
    return this.#actors.get(id) ?? [];
  }

  /** The latest incarnation. */
  actor(id: string): Actor {
    const latest = this.incarnations(id).at(-1);
    assert.ok(latest, `"${id}" was never started`);
    return latest;
  }

  /** Lets a child fail, or end as told, and everything that follows at once happen. */
  async exit(id: string, exit?: Exit): Promise<void> {
    const actor = this.actor(id);
    this.journal.push(`exit ${actor.name}`);
    actor.exit(exit);
    await turns();
  }

  /** Lets time pass, and everything that is due happen. */
  async pass(ms: number): Promise<void> {
    this.clock.advance(ms);
    await turns();
  }

  /** Lets a slow or deaf start finish. */
  enter(id: string): void {
    this.#entrances.get(id)?.();
  }

  /** Takes what was written since the last time. */
  take(): string[] {
    return this.journal.splice(0);
  }

  async #start(id: string, { signal, exited }: StartContext): Promise<Child> {
    const actor = new Actor(this, id, exited);
    this.#actors.set(id, [...this.incarnations(id), actor]);
    this.journal.push(`start ${actor.name}`);
    const manner = this.starts.get(id) ?? "well";
    const entrance = createDeferred<void>();
    this.#entrances.set(id, () => entrance.resolve());
    try {
      if (manner === "throws") throw new Error(`${actor.name} does not start`);
      if (manner === "slow") await orAborted(entrance.promise, signal, true);
      if (manner === "deaf") await entrance.promise;
    } catch (error) {
      actor.alive = false;
      throw error;
    }
    this.journal.push(`up ${actor.name}`);
    return actor;
  }
}

/** The node of that id, anywhere in a tree. */
export function nodeOf(tree: TreeNode, id: string): TreeNode {
  const found = find(tree, id);
  assert.ok(found, `no "${id}" in the tree`);
  return found;
}

function find(node: TreeNode, id: string): TreeNode | undefined {
  if (node.id === id) return node;
  for (const child of node.children) {
    const found = find(child, id);
    if (found !== undefined) return found;
  }
  return undefined;
}

function orAborted(work: Promise<void>, signal: AbortSignal, rejects = false): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = () => rejects ? reject(signal.reason) : resolve();
    if (signal.aborted) return onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    work.then(resolve).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
