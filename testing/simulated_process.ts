import { type CallerOptions, type CallerSystem, createClient } from "../actors/client.ts";
import { createSystem, type System, type SystemOptions } from "../actors/system.ts";
import { createDeferred } from "../src/async/deferred.ts";
import type { Clock } from "../src/async/clock.ts";
import type { HandlerInterceptor } from "../src/call/interceptor.ts";
import type { OutcomeStore } from "../src/store/outcome_store.ts";
import type { MemoryBroker } from "../src/transport/embedded/broker.ts";
import { EmbeddedTransport } from "../src/transport/embedded/transport.ts";
import type { TransportStart } from "../src/transport/transport.ts";
import type { FaultPlan } from "./fault_plan.ts";
import type { Step } from "./faults.ts";
import type { Latency } from "./latency.ts";
import type { Process } from "./process.ts";
import { ProcessClock } from "./process_clock.ts";
import type { Seeded } from "./seeded.ts";
import { type Host, SimulatedTransport, travel } from "./simulated_transport.ts";
import type { VirtualClock } from "./virtual_clock.ts";

/** What simulated processes share. */
export interface ProcessWorld {
  readonly clock: VirtualClock;
  readonly broker: MemoryBroker;
  readonly plan: FaultPlan;
  readonly latency: Latency;
  /** Longest time until a settlement is on record, in milliseconds. */
  readonly settleMs: number;
  note(text: string): void;
  /** A queue was given to somebody. */
  assigned(): void;
  /** Whether nothing goes wrong any more. */
  healed(): boolean;
}

const NOTHING: readonly never[] = Object.freeze([]);

/** How soon the broker takes a process for dead that is frozen, in milliseconds. */
const FREEZE_NOTICED_MS = 1_500;

/** A process, with the network around it. */
export class SimulatedProcess implements Process, Host {
  readonly name: string;
  readonly clock: Clock;
  readonly exited: Promise<void>;
  readonly #world: ProcessWorld;
  readonly #clock: ProcessClock;
  readonly #random: Seeded;
  readonly #network: Seeded;
  readonly #transports: StartedTransport[] = [];
  readonly #open: (System | CallerSystem)[] = [];
  readonly #exit = createDeferred<void>();
  #state: "awake" | "frozen" | "dead" = "awake";
  #held: (() => void)[] = [];
  #freezes = 0;
  #losses = 0;

  constructor(name: string, world: ProcessWorld, random: Seeded) {
    this.name = name;
    this.#world = world;
    this.#random = random.fork("own");
    this.#network = random.fork("network");
    this.clock = this.#clock = new ProcessClock(world.clock, (callback) => this.whenAwake(callback));
    this.exited = this.#exit.promise;
  }

  get alive(): boolean {
    return this.#state !== "dead";
  }

  get frozen(): boolean {
    return this.#state === "frozen";
  }

  get freezes(): number {
    return this.#freezes;
  }

  get losses(): number {
    return this.#losses;
  }

  get timers(): number {
    return this.#clock.timers;
  }

  async system(options: Partial<Omit<SystemOptions, "transport" | "clock">> = {}): Promise<System> {
    const system = await createSystem({
      name: this.name,
      ...options,
      ...this.#sources(),
      transport: this.#transport(),
      handlerInterceptors: [this.#watched, ...options.handlerInterceptors ?? []],
    });
    this.#open.push(system);
    return system;
  }

  async client(options: Partial<Omit<CallerOptions, "transport" | "clock">> = {}): Promise<CallerSystem> {
    const client = await createClient({
      name: this.name,
      ...options,
      ...this.#sources(),
      transport: this.#transport(),
    });
    this.#open.push(client);
    return client;
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.#clock.after(ms, resolve));
  }

  io<T>(work: () => T | Promise<T>): Promise<T> {
    if (!this.alive) return new Promise(() => {});
    const done = this.pass(this.latencyMs()).then(work).finally(() => this.pass(this.latencyMs()));
    return this.learn(done);
  }

  store(shared: OutcomeStore): OutcomeStore {
    const ask = <T>(work: () => Promise<T>): Promise<T> =>
      this.alive ? this.learn(travel(this, "store", work)) : new Promise(() => {});
    return {
      find: (work) => ask(() => shared.find(work)),
      begin: (work, options) => ask(() => shared.begin(work, options)),
      renew: (claims, leaseMs) => ask(() => shared.renew(claims, leaseMs)),
      release: (claim) => ask(() => shared.release(claim)),
      finish: (claim, outcome) =>
        ask(async () => {
          const finished = await shared.finish(claim, outcome);
          if (this.reached("remembered")) await new Promise(() => {});
          return finished;
        }),
    };
  }

  crash(noticedAfterMs?: number): void {
    if (this.#state === "dead") return;
    this.#state = "dead";
    this.#held = [];
    this.#clock.stop();
    this.#world.note(`${this.name} died`);
    for (const { instance } of this.#transports) {
      if (instance === "") continue;
      this.#world.broker.crash(instance, noticedAfterMs === undefined ? {} : { noticedAfterMs });
    }
    this.#exit.resolve();
  }

  freeze(ms: number): void {
    if (this.#state !== "awake") return;
    this.#state = "frozen";
    this.#freezes++;
    this.#world.note(`${this.name} is frozen`);
    const waking: (() => void)[] = [];
    const { clock, broker } = this.#world;
    const noticed = clock.after(FREEZE_NOTICED_MS, () => {
      for (const { instance } of this.#transports) waking.push(...broker.freeze(instance));
    });
    clock.after(ms, () => {
      noticed.cancel();
      if (this.#state !== "frozen") return;
      this.#world.note(`${this.name} is awake again`);
      this.#state = "awake";
      const held = this.#held;
      this.#held = [];
      for (const callback of held) this.whenAwake(callback);
      // First it goes on where it was; then it learns what it has lost.
      clock.after(this.latencyMs(), () => {
        for (const wake of waking) wake();
      });
    });
  }

  async close(): Promise<void> {
    if (!this.alive) return;
    await Promise.race([this.exited, Promise.all(this.#open.map((one) => one.close()))]);
  }

  faults(on: "send" | "reply" | "look" | "store"): ReturnType<FaultPlan["operation"]> {
    return this.#world.healed() ? NOTHING : this.#world.plan.operation(this.name, on);
  }

  stall(): number {
    return this.#world.healed() ? 0 : this.#world.plan.stall(this.name);
  }

  members(): ReturnType<FaultPlan["members"]> {
    return this.#world.healed() ? undefined : this.#world.plan.members(this.name);
  }

  latencyMs(): number {
    const { leastMs, mostMs } = this.#world.latency;
    return leastMs + this.#network.random() * (mostMs - leastMs);
  }

  settleMs(): number {
    return this.#network.random() * this.#world.settleMs;
  }

  pass(ms: number): Promise<void> {
    return this.#world.clock.sleep(ms);
  }

  whenAwake(callback: () => void): void {
    if (this.#state === "awake") callback();
    else if (this.#state === "frozen") this.#held.push(callback);
  }

  learn<T>(promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      promise.then(
        (value) => this.whenAwake(() => resolve(value)),
        (error) => this.whenAwake(() => reject(error)),
      );
    });
  }

  reached(step: Step): boolean {
    if (!this.alive) return true;
    if (this.#world.healed()) return false;
    const fault = this.#world.plan.crash(this.name, step);
    if (fault === undefined) return false;
    this.crash(fault.noticedAfterMs);
    return true;
  }

  assigned(): void {
    this.#world.assigned();
  }

  lost(text: string): void {
    this.#losses++;
    this.note(text);
  }

  note(text: string): void {
    this.#world.note(`${this.name} ${text}`);
  }

  /** Dies in handlers and behind them, where that is due. */
  readonly #watched: HandlerInterceptor = async (call, next) => {
    this.note(`runs ${call.contract}.${call.method} ${call.context.callId} attempt ${call.context.attempt}`);
    const running = next(call);
    if (this.reached("running")) {
      running.catch(() => {});
      return await new Promise(() => {});
    }
    const output = await running;
    if (this.reached("ran")) return await new Promise(() => {});
    return output;
  };

  #sources(): Required<Pick<SystemOptions, "clock" | "random" | "randomBytes">> {
    const { random, bytes } = this.#random;
    return { clock: this.clock, random, randomBytes: bytes };
  }

  #transport(): SimulatedTransport {
    const inner = new StartedTransport(this.#world.broker, false);
    this.#transports.push(inner);
    return new SimulatedTransport(inner, this);
  }
}

/** An embedded transport that says by which instance it was started. */
class StartedTransport extends EmbeddedTransport {
  instance = "";

  override start(options: TransportStart): Promise<void> {
    this.instance = options.instance.toString(36);
    return super.start(options);
  }

  override close(): Promise<void> {
    return super.close().finally(() => this.instance = "");
  }
}
