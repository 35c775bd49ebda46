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
export class TestChild implements Child {
  readonly id: string;
  /** Its id, and which incarnation it is. */
  readonly name: string;
  readonly exited: StartContext["exited"];
  /** From the moment it was started until it has ended, as far as it knows itself. */
  alive = true;
  stopSignal: AbortSignal | undefined;
  readonly #fixture: ChildrenFixture;
  readonly #curtain = createDeferred<void>();

  constructor(fixture: ChildrenFixture, id: string, exited: StartContext["exited"]) {
    this.#fixture = fixture;
    this.id = id;
    this.name = `${id}${fixture.incarnations(id).length + 1}`;
    this.exited = exited;
  }

  /** Ends by itself. */
  exit(exit: Exit = { kind: "failed", error: new Error(`${this.name} broke`) }): void {
    this.alive = false;
    this.#fixture.write("exit", this);
    this.exited(exit);
  }

  /** Lets a slow or deaf stop finish. */
  finish(): void {
    this.#curtain.resolve();
  }

  async stop({ signal }: StopOptions): Promise<void> {
    this.stopSignal = signal;
    const manner = this.#fixture.stops.get(this.id) ?? "well";
    this.#fixture.write(signal.aborted ? "kill" : "stop", this);
    if (manner === "throws") {
      this.alive = false;
      throw new Error(`${this.name} cannot stop`);
    }
    if (manner !== "well") {
      await (manner === "deaf" ? this.#curtain.promise : orAborted(this.#curtain.promise, signal));
    }
    this.alive = false;
    this.#fixture.write("end", this);
  }

  state(): ChildState {
    return { details: { name: this.name } };
  }
}

/** Children whose every step is in one journal, under a clock that the test moves. */
export class ChildrenFixture {
  readonly clock = new ManualClock();
  /** `start a1`, `up a1`, `stop a1`, `kill a1` (told to stop without time), `end a1`, `exit …`, in order. */
  readonly journal: string[] = [];
  /** By child: how it starts and stops. What is not listed does well. */
  readonly starts = new Map<string, Manner>();
  readonly stops = new Map<string, Manner>();
  /** Told every step as it is written, and "fail" where a start does. */
  onStep: ((verb: string, child: TestChild) => void) | undefined;
  /** What the supervisor reported to its parent. */
  readonly exits: Exit[] = [];
  /** Where jitter comes from: 1 makes every wait its upper bound. */
  random = 1;
  readonly #lives = new Map<string, TestChild[]>();
  readonly #entrances = new Map<string, () => void>();

  /** A spec of a child that this fixture plays. */
  spec(id: string, more: Partial<ChildSpec> = {}): ChildSpec {
    return { id, start: (context) => this.#start(id, context), ...more };
  }

  specs(...ids: string[]): ChildSpec[] {
    return ids.map((id) => this.spec(id));
  }

  /** A spec of a supervisor below another one. */
  nested(id: string, options: Partial<SupervisorOptions>, more: Partial<ChildSpec> = {}): ChildSpec {
    const own = this.options({ id, onGiveUp: "escalate", ...options });
    return { id, type: "supervisor", start: (context) => Supervisor.start(own, context), ...more };
  }

  /** What `Supervisor.start` needs from a test. */
  options(options: Partial<SupervisorOptions>): SupervisorOptions {
    return { id: "sup", clock: this.clock, random: () => this.random, ...options };
  }

  /** A supervisor at the root. */
  supervise(options: Partial<SupervisorOptions>, signal = new AbortController().signal): Promise<Supervisor> {
    return Supervisor.start(this.options(options), { signal, exited: (exit) => void this.exits.push(exit) });
  }

  /** A supervisor at the root as OTP's: no waits before restarts, and it ends when it gives up. */
  superviseAsOtp(options: Partial<SupervisorOptions>): Promise<Supervisor> {
    this.random = 0;
    return this.supervise({ onGiveUp: "escalate", ...options });
  }

  incarnations(id: string): readonly TestChild[] {
    return this.#lives.get(id) ?? [];
  }

  /** The latest incarnation. */
  latest(id: string): TestChild {
    const latest = this.incarnations(id).at(-1);
    assert.ok(latest, `"${id}" was never started`);
    return latest;
  }

  /** Lets a child fail, or end as told, and everything that follows at once happen. */
  async exit(id: string, exit?: Exit): Promise<void> {
    this.latest(id).exit(exit);
    await turns();
  }

  /** Lets a child fail, or end as told, and a restart without a wait that follows be over. */
  async fail(id: string, exit?: Exit): Promise<void> {
    await this.exit(id, exit);
    await this.pass(0);
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

  /** Adds a step to the journal. */
  write(verb: string, child: TestChild): void {
    if (verb !== "fail") this.journal.push(`${verb} ${child.name}`);
    this.onStep?.(verb, child);
  }

  /** Takes what was written since the last time. */
  take(): string[] {
    return this.journal.splice(0);
  }

  async #start(id: string, { signal, exited }: StartContext): Promise<Child> {
    const child = new TestChild(this, id, exited);
    this.#lives.set(id, [...this.incarnations(id), child]);
    this.write("start", child);
    const manner = this.starts.get(id) ?? "well";
    const entrance = createDeferred<void>();
    this.#entrances.set(id, () => entrance.resolve());
    try {
      if (manner === "throws") throw new Error(`${child.name} does not start`);
      if (manner === "slow") await orAborted(entrance.promise, signal, true);
      if (manner === "deaf") await entrance.promise;
    } catch (error) {
      child.alive = false;
      this.write("fail", child);
      throw error;
    }
    this.write("up", child);
    return child;
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
