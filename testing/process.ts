import type { CallerOptions, CallerSystem } from "../actors/client.ts";
import type { System, SystemOptions } from "../actors/system.ts";
import type { Clock } from "../src/async/clock.ts";
import type { OutcomeStore } from "../src/store/outcome_store.ts";

/**
 * One process of a simulated world: a system or a client, or several, that live and die together. When it dies, nothing
 * it has begun goes on: its timers do not fire, and what it waits for never comes.
 */
export interface Process {
  /** Its name, under which the operations of its next life are counted on. */
  readonly name: string;
  /** Its time: what stands still while it is frozen, and ends with it. */
  readonly clock: Clock;
  /** Resolves when it dies. */
  readonly exited: Promise<void>;
  /** Whether it lives. */
  readonly alive: boolean;
  /** Whether it knows nothing of what happens just now. */
  readonly frozen: boolean;
  /** How often it was frozen. */
  readonly freezes: number;
  /** How often it gave a queue back, or learned that it had lost one. */
  readonly losses: number;
  /** Timers of its own that wait. */
  readonly timers: number;
  /**
   * Starts a system in it, as `createSystem` does.
   *
   * @param options as there; its name is the process's unless another is given, transport and sources are the world's
   */
  system(options?: Partial<Omit<SystemOptions, "transport" | "clock">>): Promise<System>;
  /** Starts a caller in it, as `createClient` does. */
  client(options?: Partial<Omit<CallerOptions, "transport" | "clock">>): Promise<CallerSystem>;
  /** Resolves after that time, in milliseconds, while it lives and is awake. */
  sleep(ms: number): Promise<void>;
  /**
   * Does something outside of the process, such as a write to a database: the work is done a little later, even when the
   * process dies meanwhile, and its result comes back a little later than that, to a process that lives. What a dead
   * process asks for is not done.
   */
  io<T>(work: () => T | Promise<T>): Promise<T>;
  /** The process's connection to a store of outcomes that it shares with others. */
  store(shared: OutcomeStore): OutcomeStore;
  /**
   * Kills it. Idempotent.
   *
   * @param noticedAfterMs when the broker notices. Default: 10, as when a connection closes
   */
  crash(noticedAfterMs?: number): void;
  /** Lets it do nothing, and know nothing of it, for `ms` milliseconds. */
  freeze(ms: number): void;
  /** Closes what runs in it, in good order. */
  close(): Promise<void>;
}
