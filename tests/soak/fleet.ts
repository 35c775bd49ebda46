import { createSystem, RpcError, type System, type Transport } from "rocket-actors";
import type { Clock } from "../../src/async/clock.ts";
import type { Bank } from "./contract.ts";
import { type Arrived, serveBank } from "./tellers.ts";

/** Where a fleet's systems are. */
export interface Site {
  readonly clock: Clock;
  /** A transport for one more system. */
  transport(): Transport;
  /** Kills a system as a process dies, where that can be done here. */
  readonly kill: ((system: System) => void) | undefined;
}

/** How many systems serve, while nobody comes or goes. */
const SIZE = 3;
/** Starts of one system that may fail one after the other: the machine, or the broker, may be busy. */
const MOST_FAILED_STARTS = 5;

/** The systems that serve: one stays, the others come and go, in one way after the other. */
export class Fleet implements AsyncDisposable {
  readonly #site: Site;
  readonly #bank: Bank;
  readonly #arrived: Arrived;
  readonly #systems: System[] = [];
  #step = 0;
  #changes = 0;
  #failedStarts = 0;

  private constructor(site: Site, bank: Bank, arrived: Arrived) {
    this.#site = site;
    this.#bank = bank;
    this.#arrived = arrived;
  }

  static async start(site: Site, bank: Bank, arrived: Arrived): Promise<Fleet> {
    const fleet = new Fleet(site, bank, arrived);
    while (fleet.#systems.length < SIZE) await fleet.#add();
    return fleet;
  }

  /** How often a system came or went. */
  get changes(): number {
    return this.#changes;
  }

  /** Systems that did not start in their time. */
  get failedStarts(): number {
    return this.#failedStarts;
  }

  /** Calls that any of them has received and not settled. */
  get unsettled(): number {
    return this.#systems.flatMap((system) => system.services())
      .reduce((sum, service) => sum + service.unsettled, 0);
  }

  /** The direct address of one of them. */
  get address(): string {
    const system = this.#systems[this.#step % this.#systems.length];
    if (system === undefined) throw new TypeError("The fleet has no system");
    return system.address;
  }

  /** One system comes and one goes: in order, at once, or by dying. Ends with as many as before. */
  async change(): Promise<void> {
    const step = this.#step++;
    // Before or after the other leaves: the queues move differently.
    if (step % 2 === 0) await this.#add();
    const leaver = this.#systems.splice(1, 1)[0];
    if (leaver === undefined) throw new TypeError("The fleet has only its first system");
    if (step % 3 === 0) await leaver[Symbol.asyncDispose]();
    else {
      if (step % 3 === 2) this.#site.kill?.(leaver);
      await leaver.close();
    }
    this.#changes++;
    if (step % 2 === 1) await this.#add();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const system of this.#systems.splice(0)) await system[Symbol.asyncDispose]();
  }

  /** One more system: as whatever starts programs does, tries again where one could not start in its time. */
  async #add(): Promise<void> {
    for (let failed = 0;; failed++) {
      const { clock } = this.#site;
      try {
        await using starting = new AsyncDisposableStack();
        const system = await createSystem({ name: "teller", transport: this.#site.transport(), clock });
        starting.defer(() => system.close());
        await serveBank(system, this.#bank, this.#arrived);
        starting.move();
        this.#systems.push(system);
        this.#changes++;
        return;
      } catch (error) {
        if (!(error instanceof RpcError) || failed === MOST_FAILED_STARTS) throw error;
        this.#failedStarts++;
      }
    }
  }
}
