import { type Client, defineService, type Method, method, RpcError, type Service } from "rocket-actors";
import type { WorkMethods } from "../takeover/contract.ts";

/** The n-th call of a key. */
export interface Turn {
  readonly key: string;
  readonly n: number;
}

/** What the takeover tests call, and calls that have to keep the order of their key. */
export type TurnMethods = WorkMethods & { readonly turn: Method<Turn, number> };

/** A contract that no other test uses. */
export function turnContract(name: string): Service<TurnMethods> {
  return defineService(name, {
    safe: method({ safe: true, whenAbsent: "wait" }),
    idempotent: method({ idempotent: true, whenAbsent: "wait" }),
    once: method({ whenAbsent: "wait" }),
    turn: method<Turn, number>({ idempotent: true, whenAbsent: "wait", key: ({ key }) => key }),
  });
}

/** What handlers did with the calls of keys, over all instances of the process. */
export class Turns {
  /** Two handlers of one key at once. */
  overlaps = 0;
  /** Calls of a key whose first run came after that of a later one. */
  readonly late: Turn[] = [];
  readonly #running = new Set<string>();
  readonly #begun = new Map<string, Set<number>>();

  /** A handler: takes that long, unless it is told to stop. */
  async run({ key, n }: Turn, ms: number): Promise<number> {
    if (this.#running.has(key)) this.overlaps++;
    this.#running.add(key);
    const begun = this.#begun.get(key) ?? new Set();
    this.#begun.set(key, begun);
    if (!begun.has(n) && [...begun].some((other) => other > n)) this.late.push({ key, n });
    begun.add(n);
    await new Promise((resolve) => setTimeout(resolve, ms));
    this.#running.delete(key);
    return n;
  }
}

/** Calls of some keys, two of each under way, until told to stop. */
export class TurnLoad {
  answered = 0;
  readonly failed: RpcError[] = [];
  readonly #workers: Promise<void>[];
  #stopped = false;

  constructor(client: Client<Service<TurnMethods>>, keys: number) {
    this.#workers = Array.from({ length: keys }, (_, key) => this.#key(client, `key ${key}`));
  }

  /** Makes no more calls; resolves when the last is settled. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#workers);
  }

  async #key(client: Client<Service<TurnMethods>>, key: string): Promise<void> {
    for (let n = 0; !this.#stopped; n += 2) {
      const results = await Promise.allSettled([client.turn({ key, n }), client.turn({ key, n: n + 1 })]);
      for (const result of results) {
        if (result.status === "fulfilled") this.answered++;
        else this.failed.push(RpcError.from(result.reason));
      }
      if (results.some(({ status }) => status === "rejected")) {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }
}
