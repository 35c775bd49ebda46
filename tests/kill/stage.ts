import type { BrokerHandle } from "../broker/broker.ts";
import type { Cluster } from "../broker/launcher.ts";
import { freshName } from "../broker/shared.ts";
import { settlements } from "./audit.ts";
import { Effects } from "./effects.ts";
import type { Evidence, Outage } from "./evidence.ts";
import { EFFECTS_FILE, JOURNAL_FILE, STORED_FILE } from "./files.ts";
import { type Entry, Journal, readJournal } from "./journal.ts";
import { Program } from "./program.ts";
import { Pulse } from "./pulse.ts";
import type { Draw } from "./random.ts";
import { Stored } from "./stored.ts";
import { makeGrpcTopics, transportFlags } from "./transports.ts";

const WORKERS = 16;
/** Until when a process that cannot start is started again, in milliseconds. */
const START_LIMIT_MS = 60_000;
/** A caller's last calls are settled in less: their deadlines are 60 s. Milliseconds. */
const LOAD_END_MS = 120_000;

/** Fresh contracts on a broker, processes that serve and call them, and what all of them leave behind. */
export class Stage implements AsyncDisposable {
  readonly callees: Program[] = [];
  readonly callers: Program[] = [];
  /** The one broker. */
  readonly broker: BrokerHandle;
  /** The proxy that its processes go by. */
  readonly proxy: BrokerHandle | undefined;
  readonly directory: string;
  readonly pulse: Pulse;
  readonly #nameServer: string;
  readonly #contract: string;
  readonly #draw: Draw;
  readonly #journal: Journal;
  readonly #stored: Stored;
  readonly #flags: readonly string[];

  /**
   * @param cluster its processes go by its proxy, where it has one
   * @param draw decides what kind of contracts they are
   */
  constructor(cluster: Cluster, directory: string, draw: Draw) {
    const { brokers: [broker], nameServer, proxy, proxyHandle } = cluster;
    if (broker === undefined) throw new TypeError("There is no broker");
    this.broker = broker;
    this.proxy = proxyHandle;
    this.directory = directory;
    this.#nameServer = nameServer;
    this.#contract = freshName("kill");
    this.#draw = draw;
    this.#journal = new Journal(`${directory}/${JOURNAL_FILE}`);
    this.#stored = new Stored(nameServer);
    this.pulse = new Pulse(() => this.#stored.ping());
    this.#flags = [
      ...transportFlags(proxy),
      ...(proxy !== undefined && draw.chance(0.5) ? ["--no-keys"] : []),
      ...(draw.chance(0.25) ? ["--no-packing"] : []),
      ...(draw.chance(0.25) ? ["--store"] : []),
    ];
  }

  /** Whether its topic keeps an order of keys. */
  get ordered(): boolean {
    return !this.#flags.includes("--no-keys");
  }

  /** Whether its callees have a store of outcomes. */
  get remembers(): boolean {
    return this.#flags.includes("--store");
  }

  /** Starts processes until there are as many. */
  async staff(callees: number, callers: number): Promise<void> {
    const missing = (all: readonly Program[], wanted: number) => Math.max(0, wanted - all.length);
    await Promise.all(Array.from({ length: missing(this.callees, callees) }, () => this.callee()));
    await Promise.all(Array.from({ length: missing(this.callers, callers) }, () => this.#caller()));
  }

  /** Makes what its processes cannot make, and notes where the replies begin that belong to it. */
  async begin(): Promise<void> {
    if (this.proxy !== undefined) {
      await makeGrpcTopics(this.#nameServer, this.#contract, this.ordered);
    }
    await this.#stored.begin();
  }

  /** Starts a process that serves; resolves when it does. */
  async callee(): Promise<void> {
    const args = [this.#nameServer, this.#contract, this.directory, ...this.#flags];
    await this.#start("callee.ts", args, this.callees);
  }

  /** Makes no more calls; resolves when the last one is settled, to what is wrong with callers that do not come so far. */
  async endLoad(): Promise<readonly string[]> {
    const ends = await Promise.allSettled(this.callers.map(async (caller) => {
      await caller.tell("stop");
      await caller.says("done", LOAD_END_MS);
    }));
    return ends.flatMap((end) => end.status === "rejected" ? [`The load did not end: ${end.reason}`] : []);
  }

  /** Queues with something that is not settled; by gRPC, where offsets do not tell, what is neither answered nor buried. */
  async unsettled(outages: readonly Outage[]): Promise<readonly string[]> {
    if (this.proxy !== undefined) return settlements(await this.evidence(outages));
    return (await Promise.all(this.#contracts.map((contract) => this.#stored.unsettled(contract)))).flat();
  }

  /** What happened so far. */
  journal(): Promise<readonly Entry[]> {
    return readJournal(`${this.directory}/${JOURNAL_FILE}`);
  }

  /** Collects what is left; what the broker stored is kept in a file, for whoever looks into what went wrong. */
  async evidence(outages: readonly Outage[]): Promise<Evidence> {
    const requests = await Promise.all(this.#contracts.map((contract) => this.#stored.requests(contract)));
    const letters = await Promise.all(this.#contracts.map((contract) => this.#stored.deadLetters(contract)));
    const replies = await this.#stored.replies();
    const deadLetters = new Map(letters.flatMap((each) => [...each]));
    const stored = { requests: requests.flat(), replies: [...replies], deadLetters: [...deadLetters] };
    await Deno.writeTextFile(`${this.directory}/${STORED_FILE}`, JSON.stringify(stored, undefined, 1));
    using effects = new Effects(`${this.directory}/${EFFECTS_FILE}`);
    return {
      entries: await this.journal(),
      requests: requests.flat(),
      replies,
      deadLetters,
      effects: effects.all(),
      total: effects.total,
      outages,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.callers, ...this.callees].map((program) => program.kill()));
    await this.pulse[Symbol.asyncDispose]();
    await this.#stored[Symbol.asyncDispose]();
    this.#journal[Symbol.dispose]();
  }

  get #contracts(): readonly string[] {
    return this.proxy === undefined ? [this.#contract, `${this.#contract}_account`] : [this.#contract];
  }

  async #caller(): Promise<void> {
    const seed = Math.floor(this.#draw.between(0, 2 ** 31));
    const load = [this.directory, `${seed}`, `${WORKERS}`, ...this.#flags];
    await this.#start("caller.ts", [this.#nameServer, this.#contract, ...load], this.callers);
  }

  /** Starts a process, and another one where it could not start: as whoever runs services does. */
  async #start(name: string, args: readonly string[], among: Program[]): Promise<void> {
    for (const limit = performance.now() + START_LIMIT_MS;;) {
      const program = new Program(name, args, this.#journal);
      among.push(program);
      try {
        return await program.says("ready", START_LIMIT_MS);
      } catch (error) {
        among.splice(among.indexOf(program), 1);
        await program.kill();
        if (performance.now() > limit) throw error;
      }
    }
  }
}
