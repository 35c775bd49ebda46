import { groupOf } from "../src/call/plan.ts";
import type { Contract } from "../src/contract/types.ts";
import { type EmbeddedMessage, MemoryBroker } from "../src/transport/embedded/broker.ts";
import { OffsetGroup } from "../src/transport/embedded/offset_group.ts";
import type { EmbeddedBrokerOptions } from "../src/transport/embedded/options.ts";
import { FaultPlan } from "./fault_plan.ts";
import { type Fault, textOfFault } from "./faults.ts";
import type { Latency } from "./latency.ts";
import type { Process } from "./process.ts";
import { type ProcessWorld, SimulatedProcess } from "./simulated_process.ts";
import { Seeded } from "./seeded.ts";
import { Trace } from "./trace.ts";
import { VirtualClock } from "./virtual_clock.ts";

/** How a world behaves. */
export interface WorldOptions {
  /** What everything in it is drawn from: the same seed and faults give the same run. */
  readonly seed: number;
  /** What goes wrong. Default: nothing. */
  readonly faults?: readonly Fault[] | undefined;
  /** How long messages and answers are on their way. Default: 0.1 to 2 ms. */
  readonly latency?: Latency | undefined;
  /** Longest time until a settlement is on record at the broker, in milliseconds. Default: 50. */
  readonly settleMs?: number | undefined;
  /** How its broker behaves, its clock aside. It is in memory. */
  readonly broker?: Omit<EmbeddedBrokerOptions, "clock" | "file"> | undefined;
}

const LATENCY: Latency = { leastMs: 0.1, mostMs: 2 };
const SETTLE_MS = 50;

/**
 * A broker and processes on a clock of their own. Time passes when nothing else can happen, so that a scenario just
 * awaits what it waits for.
 */
export class World {
  /** Its time. Everything that a scenario waits for by itself goes by it. */
  readonly clock: VirtualClock = new VirtualClock();
  /** What has happened so far. */
  readonly trace: Trace = new Trace();
  readonly #broker: MemoryBroker;
  readonly #seeded: Seeded;
  readonly #processes: SimulatedProcess[] = [];
  readonly #lives = new Map<string, number>();
  readonly #shared: ProcessWorld;
  readonly #byTime: readonly Extract<Fault, { readonly atMs: number }>[];
  #assignments = 0;
  #healed = false;
  #closed = false;

  /** Begins with a broker and no process. Drive it with {@linkcode simulate}. */
  constructor(options: WorldOptions) {
    const { seed, faults = [], latency = LATENCY, settleMs = SETTLE_MS } = options;
    const { clock } = this;
    this.#seeded = new Seeded(seed);
    this.#broker = new MemoryBroker({ ...options.broker, clock });
    const plan = new FaultPlan(faults, (text) => this.note(`fault: ${text}`));
    this.#shared = {
      clock,
      broker: this.#broker,
      plan,
      latency,
      settleMs,
      note: (text) => this.note(text),
      assigned: () => void this.#assignments++,
      healed: () => this.#healed,
    };
    this.#byTime = faults.filter((fault) => "atMs" in fault);
    for (const fault of this.#byTime) clock.after(fault.atMs, () => this.#healed || this.#strike(fault));
  }

  /** Milliseconds since it began. */
  get nowMs(): number {
    return this.clock.monotonic();
  }

  /** How often a queue was given to a process: unchanged, all of them have had the same owners. */
  get assignments(): number {
    return this.#assignments;
  }

  /** Those of its processes that live. */
  get processes(): readonly Process[] {
    return this.#processes.filter(({ alive }) => alive);
  }

  /** Random numbers for a scenario's own choices; by name, so that one kind of choice does not change another. */
  random(name: string): Seeded {
    return this.#seeded.fork(`scenario ${name}`);
  }

  /**
   * Begins a process. One of a name that was there before is its next life, and its operations are counted on.
   *
   * @throws {TypeError} while one of that name lives
   */
  process(name: string): Process {
    if (this.processes.some((process) => process.name === name)) {
      throw new TypeError(`Cannot begin process "${name}": it lives`);
    }
    const life = (this.#lives.get(name) ?? 0) + 1;
    this.#lives.set(name, life);
    const process = new SimulatedProcess(name, this.#shared, this.#seeded.fork(`${name} life ${life}`));
    this.#processes.push(process);
    this.note(`${name} begins life ${life}`);
    return process;
  }

  /**
   * Keeps a process running: begins it, and begins it again some time after each death, until the world ends. A life
   * whose start fails ends there, as a program does that cannot start.
   *
   * @param name its name
   * @param start what each life starts with; whatever it awaits never comes once that life is over
   * @param restartAfterMs how long it stays dead, in milliseconds. Default: 1,000
   * @returns resolves when a life of it has started
   */
  keep(
    name: string,
    start: (process: Process) => Promise<unknown>,
    restartAfterMs = 1_000,
  ): Promise<void> {
    return new Promise((resolve) => {
      const begin = (): void => {
        if (this.#closed) return;
        const process = this.process(name);
        void process.exited.then(() => this.clock.after(restartAfterMs, begin));
        start(process).then(() => resolve(), (error) => {
          this.note(`${name} could not start: ${error}`);
          process.crash();
        });
      };
      begin();
    });
  }

  /** Copies of the messages kept of a topic, such as `%DLQ%rpc-bank-Payments`: queue by queue, oldest first. */
  messages(topic: string): readonly EmbeddedMessage[] {
    return this.#broker.messages(topic);
  }

  /** How many messages of a contract's queues are not settled. */
  unsettled(contract: Pick<Contract, "name">): number {
    const group = this.#broker.group(groupOf(contract.name));
    return group instanceof OffsetGroup ? group.unsettled : 0;
  }

  /** From now on nothing goes wrong any more: what was broken may come to its end. */
  heal(): void {
    this.note("healed");
    this.#healed = true;
  }

  /** Writes a line of the trace, with the time. */
  note(text: string): void {
    this.trace.write(`${this.nowMs.toFixed(3)} ${text}`);
  }

  /** Closes all processes, then the broker. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#healed = true;
    await Promise.all(this.#processes.map((process) => process.close()));
    this.#broker.close();
  }

  #strike(fault: Extract<Fault, { readonly atMs: number }>): void {
    this.note(`fault: ${textOfFault(fault)}`);
    if (fault.kind === "kill" || fault.kind === "freeze") {
      const process = this.processes.find(({ name }) => name === fault.process);
      if (fault.kind === "kill") process?.crash();
      else process?.freeze(fault.ms);
      return;
    }
    const group = this.#broker.group(groupOf(fault.topic));
    if (!(group instanceof OffsetGroup)) return;
    if (fault.kind === "revoke") group.handOver(fault.queue);
    else if (fault.kind === "lost lock") group.loseQueue(fault.queue, "Its lock is gone");
    else group.rollBack(fault.queue, fault.messages);
  }
}
