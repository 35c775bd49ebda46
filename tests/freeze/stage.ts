import { type Client, createClient, createSystem, type System, type Transport } from "rocket-actors";
import { remoting, type ReplyStrategy } from "rocket-actors/transport/remoting";
import { createDeferred } from "../../src/async/deferred.ts";
import { freshName } from "../broker/shared.ts";
import { freezeContract } from "./contract.ts";

const PATIENCE_MS = 20_000;

/** What a requester is: a plain RocketMQ client, or ours with replies that come that way. */
export type VictimKind = "plain" | ReplyStrategy;

/** An instance that serves a contract of its own. */
export class Responder implements AsyncDisposable {
  readonly contract: string;
  readonly transport: Transport;
  /** Calls of `hold` whose replies are held back. */
  held = 0;
  readonly #gate = createDeferred<void>();
  readonly #system: System;

  private constructor(contract: string, transport: Transport, system: System) {
    this.contract = contract;
    this.transport = transport;
    this.#system = system;
  }

  static async start(nameServers: string): Promise<Responder> {
    const transport = remoting({ nameServers });
    const system = await createSystem({ name: "responder", transport });
    const responder = new Responder(freshName("Freeze"), transport, system);
    await system.serve(freezeContract(responder.contract), {
      hold: async (n) => {
        responder.held++;
        await responder.#gate.promise;
        return n;
      },
      echo: (n) => n,
    }, { concurrency: 256 });
    return responder;
  }

  /** Answers all calls that are held back. */
  release(): void {
    this.#gate.resolve();
  }

  /** What its transport has counted under that name. */
  count(name: string): number {
    return this.transport.counts?.[name] ?? 0;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#gate.resolve();
    return this.#system.close();
  }
}

/** Requesters in a process of their own. */
export class Victims implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  #killed = false;

  constructor(nameServer: string, kind: VictimKind, size: VictimSize, responders: readonly Responder[]) {
    const program = new URL("./victims.ts", import.meta.url).pathname;
    const numbers = [String(size.requesters), String(size.calls)];
    const contracts = responders.map(({ contract }) => contract);
    const args = ["run", "-A", "--quiet", "--no-check", program, nameServer, kind, ...numbers, ...contracts];
    this.#child = new Deno.Command(Deno.execPath(), { args, stdin: "piped", stdout: "null" }).spawn();
  }

  /** SIGSTOP: their connections stay open, and answer nothing. */
  freeze(): void {
    this.#child.kill("SIGSTOP");
  }

  /** SIGKILL; resolves when they are gone. */
  async kill(): Promise<void> {
    if (this.#killed) return;
    this.#killed = true;
    this.#child.kill("SIGKILL");
    await this.#child.status;
    await this.#child.stdin.abort().catch(() => {});
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill();
  }
}

/** How many requesters, and how many calls each makes to each responder. */
export interface VictimSize {
  readonly requesters: number;
  readonly calls: number;
}

/** A caller that has nothing to do with the victims: one call after the other, timed. */
export class Bystander implements AsyncDisposable {
  readonly #client: Client<ReturnType<typeof freezeContract>>;
  readonly #close: () => Promise<void>;

  private constructor(client: Client<ReturnType<typeof freezeContract>>, close: () => Promise<void>) {
    this.#client = client;
    this.#close = close;
  }

  /** Connects, and makes the first call. */
  static async start(
    nameServers: string,
    replies: ReplyStrategy,
    { contract }: Responder,
  ): Promise<Bystander> {
    const caller = await createClient({ transport: remoting({ nameServers, replies }) });
    const client = caller.client(freezeContract(contract), { timeoutMs: 30_000 });
    await client.echo(0);
    return new Bystander(client, () => caller.close());
  }

  /** Calls until that much time is over; resolves with the longest call, in milliseconds. */
  async slowest(ms: number): Promise<number> {
    const until = performance.now() + ms;
    let slowest = 0;
    while (performance.now() < until) {
      const since = performance.now();
      await this.#client.echo(1);
      slowest = Math.max(slowest, performance.now() - since);
    }
    return slowest;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#close();
  }
}

/** Freezes requesters while as many replies as can be are on their way to them; to be killed. */
export async function strike(
  nameServer: string,
  kind: VictimKind,
  size: VictimSize,
  responders: readonly Responder[],
  underWay: () => boolean,
): Promise<Victims> {
  const victims = new Victims(nameServer, kind, size, responders);
  const calls = size.requesters * size.calls;
  await until("all calls are held back", () => responders.every(({ held }) => held >= calls));
  victims.freeze();
  for (const responder of responders) responder.release();
  await until("their replies are under way", underWay);
  return victims;
}

/** Resolves when something has come about. */
export async function until(what: string, reached: () => boolean): Promise<void> {
  for (const end = performance.now() + PATIENCE_MS; !reached();) {
    if (performance.now() > end) throw new Error(`Waited ${PATIENCE_MS} ms in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
