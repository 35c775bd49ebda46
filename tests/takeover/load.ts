import { type Client, type Outcome, RpcError, type Service } from "rocket-actors";
import type { Work, WorkMethods } from "./contract.ts";

/** What a caller learnt of one call. */
export interface Settled {
  readonly method: keyof WorkMethods;
  readonly n: number;
  readonly ms: number;
  readonly error: RpcError | undefined;
  readonly endedAtMs: number;
}

const REFUSED_PAUSE_MS = 20;
const WAIT_LIMIT_MS = 60_000;

/** Calls under way all the time, until told to stop. */
export class Load {
  readonly settled: Settled[] = [];
  readonly #client: Client<Service<WorkMethods>>;
  readonly #work: Omit<Work, "n">;
  readonly #methods: readonly (keyof WorkMethods)[];
  readonly #workers: Promise<void>[];
  readonly #first: number;
  #next: number;
  #stopped = false;

  /**
   * @param inFlight calls under way at once
   * @param handlerMs how long each handler takes
   * @param methods called in turn
   * @param first number of the first call
   */
  constructor(
    client: Client<Service<WorkMethods>>,
    inFlight: number,
    handlerMs: number,
    methods: readonly (keyof WorkMethods)[] = ["safe", "idempotent", "once"],
    first = 0,
  ) {
    this.#first = first;
    this.#next = first;
    this.#client = client;
    this.#work = { ms: handlerMs };
    this.#methods = methods;
    this.#workers = Array.from({ length: inFlight }, () => this.#worker());
  }

  /** Calls made so far. */
  get made(): number {
    return this.#next - this.#first;
  }

  /** Resolves when that many calls are settled. */
  async reaches(count: number): Promise<void> {
    await this.#until(`${count} calls are settled`, () => this.settled.length >= count);
  }

  /** Lets the load go on for that long. */
  async lasts(ms: number): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, ms));
  }

  /** Resolves when a call succeeded that ended after that time. */
  async succeedsAfter(time: number): Promise<void> {
    await this.#until(
      "a call succeeds",
      () => this.settled.some(({ error, endedAtMs }) => error === undefined && endedAtMs > time),
    );
  }

  /** Makes no more calls; resolves with all of them when the last is settled. */
  async stop(): Promise<readonly Settled[]> {
    this.#stopped = true;
    await Promise.all(this.#workers);
    return this.settled;
  }

  async #until(what: string, reached: () => boolean): Promise<void> {
    for (const until = performance.now() + WAIT_LIMIT_MS; !reached();) {
      if (performance.now() > until) throw new Error(`Waited ${WAIT_LIMIT_MS} ms in vain until ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  async #worker(): Promise<void> {
    while (!this.#stopped) {
      const n = this.#next++;
      const method = this.#methods[n % this.#methods.length] ?? "safe";
      const since = performance.now();
      const error = await this.#call(method, { ...this.#work, n });
      // A broker that is down refuses at once: callers in the field would not spin either.
      if (error?.outcome === "not_sent") {
        await new Promise((resolve) => setTimeout(resolve, REFUSED_PAUSE_MS));
      }
      this.settled.push({ method, n, ms: performance.now() - since, error, endedAtMs: performance.now() });
    }
  }

  async #call(method: keyof WorkMethods, work: Work): Promise<RpcError | undefined> {
    try {
      const answer = await this.#client[method](work);
      if (answer !== work.n) throw new Error(`Call ${work.n} was answered ${answer}`);
      return undefined;
    } catch (error) {
      return RpcError.from(error);
    }
  }
}

/** The calls that failed, by their code and outcome. */
export function failures(settled: readonly Settled[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { error } of settled) {
    if (error === undefined) continue;
    const kind: `${string}/${Outcome}` = `${error.code}/${error.outcome}`;
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}
