import { REPLY_TOPIC } from "../../src/transport/embedded/message_storage.ts";
import { MemoryStore } from "../../src/store/memory_store.ts";
import { HEADER } from "../../src/envelope/headers.ts";
import { RpcError } from "../../src/errors/rpc_error.ts";
import { deadLetterTopicOf } from "../../src/call/plan.ts";
import { json } from "../../src/codec/json.ts";
import type { CallerSystem } from "../../actors/client.ts";
import type { System } from "../../actors/system.ts";
import type { CallOptions } from "../../src/contract/call_options.ts";
import { drawFaults, KINDS } from "../../testing/draw_faults.ts";
import type { Fault } from "../../testing/faults.ts";
import type { Process } from "../../testing/process.ts";
import { Seeded } from "../../testing/seeded.ts";
import type { World } from "../../testing/world.ts";
import { Audit, type Issued } from "./audit.ts";
import { Account, type Step, Transfers } from "./contracts.ts";
import { accountOf, transfersOf } from "./handlers.ts";
import { Ledger } from "./ledger.ts";

const SERVERS = ["bank-0", "bank-1", "bank-2"];
const CALLERS = ["teller-0", "teller-1"];
const ACCOUNTS = ["acc-0", "acc-1", "acc-2", "acc-3"];
const CENTS = 1_000;
const FLAVOURS = ["account", "transfer", "stamp", "entry", "note"] as const;

/** Which methods the calls of a chain are for. */
type Flavour = typeof FLAVOURS[number];

/** How long things go wrong, in milliseconds; then the world heals. */
const WITHIN_MS = 15_000;
/** By then, everything that was begun has come to its end. */
const HEALING_MS = 90_000;

/** Whether the queues of a seed's bank change hands all the time, while actors fail to start and callers give up. */
export function isRestless(seed: number): boolean {
  return seed % 4 === 0;
}

/** The faults of a seed. */
export function faultsOf(seed: number): readonly Fault[] {
  const random = new Seeded(seed, "range");
  if (isRestless(seed)) {
    const queues = [Account, Transfers];
    const kinds = ["revoke", "revoke", "lost lock", "freeze", "kill"] as const;
    return drawFaults(seed, {
      count: random.int(5, 60),
      servers: SERVERS,
      contracts: queues,
      withinMs: 6_000,
      kinds,
    });
  }
  // Of few kinds in each run: many of one kind find other things than one of each.
  const rare = random.random();
  const faults = drawFaults(seed, {
    count: random.int(0, 16),
    kinds: KINDS.filter(() => random.chance(0.3 + 0.7 * rare)),
    servers: SERVERS,
    callers: CALLERS,
    contracts: [Account, Transfers],
    withinMs: WITHIN_MS,
    operations: random.int(10, 80),
  });
  // A broker that forgets what was settled and cannot be asked what was answered may have a call run that was answered
  // as cancelled: after younger ones of its key.
  const forgetful = faults.some(({ kind }) => kind === "rollback");
  return forgetful ? faults.filter((fault) => !("on" in fault && fault.on === "look")) : faults;
}

/** Plays the bank in a world, and says what is wrong with what happened. */
export async function playBank(
  world: World,
  seed: number,
  faults: readonly Fault[],
): Promise<readonly string[]> {
  return await new Bank(world, isRestless(seed), faults).play();
}

class Bank {
  readonly #world: World;
  readonly #audit: Audit;
  readonly #ledger = new Ledger(ACCOUNTS, CENTS);
  readonly #random: Seeded;
  readonly #restless: boolean;
  readonly #store: MemoryStore | undefined;
  readonly #systems = new Map<string, System>();
  readonly #callers: CallerSystem[] = [];
  #names = 0;

  constructor(world: World, restless: boolean, faults: readonly Fault[]) {
    this.#world = world;
    this.#restless = restless;
    this.#random = world.random("bank");
    this.#store = this.#random.chance(restless ? 0.8 : 0.5)
      ? new MemoryStore({ clock: world.clock })
      : undefined;
    this.#audit = new Audit(
      world,
      this.#store === undefined && faults.some(({ kind }) => kind === "duplicate"),
    );
  }

  async play(): Promise<readonly string[]> {
    const world = this.#world;
    for (const name of SERVERS.slice(0, this.#random.int(2, 3))) {
      void this.#keep(name);
    }
    await world.clock.sleep(20);
    const work: Promise<void>[] = [];
    const dense = this.#restless || this.#random.chance(0.5);
    for (const name of CALLERS) {
      const client = await world.process(name).client();
      this.#callers.push(client);
      const chains = this.#random.int(2, dense ? 7 : 3);
      for (let chain = 0; chain < chains; chain++) work.push(this.#chain(client, `${name}.${chain}`, dense));
    }
    void world.clock.sleep(WITHIN_MS).then(() => world.heal());
    await Promise.all(work);
    await world.clock.sleep(Math.max(0, WITHIN_MS - world.nowMs));
    await world.clock.sleep(HEALING_MS);
    return [...this.#audit.close(this.#dead(), this.#answered()), ...this.#money(), ...this.#leftovers()];
  }

  async #keep(name: string): Promise<void> {
    const random = this.#world.random(name);
    await this.#world.keep(name, async (process) => {
      await this.#serve(process, random);
      if (random.chance(0.3)) await this.#leave(process, random);
    }, random.int(10, 5_000));
  }

  async #serve(process: Process, random: Seeded): Promise<void> {
    const bench = { process, random, audit: this.#audit, ledger: this.#ledger };
    const system = await process.system();
    this.#systems.set(process.name, system);
    const store = this.#store && process.store(this.#store);
    const concurrency = random.int(1, 8);
    await system.serve(Account, (key) => accountOf(key, bench), { store, passivateAfterMs: 500 });
    await system.serve(Transfers, transfersOf(bench), { store, methods: { note: { concurrency } } });
  }

  /** Leaves in good order for a while, and comes back. */
  async #leave(process: Process, random: Seeded): Promise<void> {
    const ms = random.int(100, WITHIN_MS);
    // It would still wait for its leave when the scenario has ended.
    if (this.#world.nowMs + ms >= WITHIN_MS + HEALING_MS) return;
    await process.sleep(ms);
    await process.close();
    process.crash();
  }

  /** Calls of one key, each made when the one before has settled. */
  async #chain(client: CallerSystem, chain: string, dense: boolean): Promise<void> {
    const random = this.#world.random(chain);
    const key = random.pick(dense ? ACCOUNTS.slice(0, 2) : ACCOUNTS);
    const flavour = this.#restless && random.chance(0.7)
      ? "transfer"
      : random.pick(["account", "transfer", "stamp", "entry", "note", "mixed"] as const);
    const hasty = this.#restless && random.chance(0.5);
    const hurried: Promise<void>[] = [];
    const length = random.int(3, 14);
    for (let place = 0; place < length; place++) {
      if (!hasty || random.chance(0.3)) {
        await this.#world.clock.sleep(
          random.chance(dense ? 0.1 : 0.3) ? random.int(0, 2_500) : random.int(0, 60),
        );
      }
      const step: Step = {
        id: `${chain}#${place}`,
        chain: flavour === "mixed" ? `${chain}#${place}` : chain,
        place,
      };
      const made = this.#make(
        client,
        flavour === "mixed" ? random.pick(FLAVOURS) : flavour,
        step,
        key,
        random,
      );
      // Calls of one key leave in order also where nobody waits for the one before.
      if (hasty && random.chance(0.7)) hurried.push(made);
      else await made;
    }
    await Promise.all(hurried);
  }

  /** Makes one call; resolves when it has settled. */
  #make(client: CallerSystem, flavour: Flavour, step: Step, key: string, random: Seeded): Promise<void> {
    const options = this.#options(random);
    const transfers = client.client(Transfers);
    const mark = { ...step, key };
    switch (flavour) {
      case "account":
        return this.#account(client, step, key, random, options);
      case "transfer": {
        const to = random.pick(ACCOUNTS.filter((account) => account !== key));
        const transfer = { ...step, from: key, to, cents: random.int(1, 400) };
        return this.#settle(this.#audit.issue(step, "again"), () => transfers.transfer(transfer, options));
      }
      case "stamp":
        return this.#settle(this.#audit.issue(step, "once"), () => transfers.stamp(mark, options));
      case "note": {
        // They have no order.
        const own = { ...mark, chain: step.id };
        return this.#settle(this.#audit.issue(own, "oneway"), () => transfers.note(own));
      }
      case "entry":
        return this.#settle(this.#audit.issue(step, "oneway"), () => transfers.entry(mark));
    }
  }

  async #account(
    client: CallerSystem,
    step: Step,
    key: string,
    random: Seeded,
    options: CallOptions,
  ): Promise<void> {
    const account = client.client(Account).at(key);
    const mark = { ...step, key };
    if (random.chance(0.3)) {
      await this.#settle(this.#audit.issue(step, "again"), () => account.look(mark, options));
    } else await this.#settle(this.#audit.issue(step, "once"), () => account.stamp(mark, options));
  }

  async #settle(issued: Issued, call: () => Promise<unknown>): Promise<void> {
    try {
      await call();
      issued.settled = "ok";
    } catch (error) {
      const { outcome, code } = RpcError.from(error);
      issued.settled = outcome;
      issued.code = code;
    }
    this.#world.note(`${issued.step.id} settled ${issued.settled} ${issued.code ?? ""}`);
  }

  #options(random: Seeded): CallOptions {
    const timeoutMs = random.chance(0.3) ? random.int(100, 2_000) : random.int(2_000, 25_000);
    if (!random.chance(this.#restless ? 0.5 : 0.2)) return { timeoutMs };
    const controller = new AbortController();
    this.#world.clock.after(random.int(0, random.chance(0.5) ? 30 : 1_500), () => controller.abort());
    return { timeoutMs, signal: controller.signal };
  }

  /** Calls that are dead letters. */
  #dead(): ReadonlySet<string> {
    const letters = [Account, Transfers].flatMap(({ name }) => this.#world.messages(deadLetterTopicOf(name)));
    return new Set(letters.flatMap(({ message: { body, headers } }) => {
      if (!headers.has(HEADER.dead)) return [];
      const input = json.decode(body);
      return typeof input === "object" && input !== null && "id" in input && typeof input.id === "string"
        ? [input.id]
        : [];
    }));
  }

  /** Calls whose answers are stored. */
  #answered(): ReadonlySet<string> {
    const ids = new Set(this.#world.messages(REPLY_TOPIC).flatMap(({ message }) => message.keys));
    return new Set([...this.#audit.ids].flatMap(([callId, id]) => ids.has(callId) ? [id] : []));
  }

  #money(): readonly string[] {
    const findings: string[] = [];
    const { total } = this.#ledger;
    if (total !== ACCOUNTS.length * CENTS) findings.push(`${total} cents are left`);
    return findings;
  }

  #leftovers(): readonly string[] {
    const findings: string[] = [];
    for (const contract of [Account, Transfers]) {
      const unsettled = this.#world.unsettled(contract);
      if (unsettled > 0) findings.push(`${unsettled} messages of ${contract.name} are not settled`);
    }
    for (const { pending } of this.#callers) if (pending > 0) findings.push(`${pending} calls are pending`);
    for (const [name, system] of this.#systems) {
      for (const { contract, unsettled } of system.services()) {
        if (unsettled > 0) findings.push(`${name} has ${unsettled} calls of ${contract}`);
      }
    }
    return findings;
  }
}
