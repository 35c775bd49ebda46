import assert from "node:assert/strict";
import { createSystem, type System } from "../../actors/system.ts";
import type { HandlerContext } from "../../src/call/handler.ts";
import { defineService } from "../../src/contract/define.ts";
import { method } from "../../src/contract/method.ts";
import { RpcError } from "../../src/errors/rpc_error.ts";
import { MemoryStore } from "../../src/store/memory_store.ts";
import { embedded } from "../../src/transport/embedded/mod.ts";
import { turns } from "../helpers/settled.ts";
import { BankFixture, Learnt } from "./bank_fixture.ts";

/** A call, with what its handler does in each of its runs. */
interface Input {
  readonly id: number;
  readonly key: string;
  readonly plan: readonly Deed[];
}

const DEEDS = ["answer", "answer", "crash", "refuse", "soon", "later", "slowly", "until aborted"] as const;
type Deed = typeof DEEDS[number];

const keyed = { key: ({ key }: Input) => key };
const Mixed = defineService("crash.Mixed", {
  idempotent: method<Input, number>({ idempotent: true }),
  other: method<Input, number>(),
  keyedIdempotent: method<Input, number>({ idempotent: true, ...keyed }),
  keyedOther: method<Input, number>(keyed),
  note: method.oneway<Input>(),
  keyedNote: method.oneway<Input>({ idempotent: true, ...keyed }),
}, { slots: 2 });
const METHODS = ["idempotent", "other", "keyedIdempotent", "keyedOther", "note", "keyedNote"] as const;
const ONCE = new Set<string>(["other", "keyedOther", "note"]);

/** Calls of all kinds, while instances come and go in order; everything is drawn from the seed. */
class Rolling {
  readonly #at: BankFixture;
  readonly #random: () => number;
  readonly #store: MemoryStore | undefined;
  readonly #systems: System[] = [];
  readonly #runs: { runs: number; asked: number }[] = [];
  readonly calls: Learnt[] = [];
  /** What was run more often than its handler asked for. */
  readonly twice: string[] = [];

  constructor(at: BankFixture, seed: number, stored: boolean) {
    this.#at = at;
    this.#random = () => (seed = (seed * 1_664_525 + 1_013_904_223) >>> 0) / 2 ** 32;
    this.#store = stored ? new MemoryStore({ clock: at.clock }) : undefined;
  }

  async play(): Promise<void> {
    await this.#serve();
    const caller = await this.#at.client();
    const client = caller.client(Mixed, { timeoutMs: 20_000 });
    const closing: Promise<void>[] = [];
    for (let step = 0; step < 50; step++) {
      const drawn = this.#random();
      if (drawn < 0.8) this.#call((name, input, signal) => client[name](input, { signal }));
      else if (drawn < 0.9 && this.#systems.length < 4) await this.#serve();
      else if (this.#systems.length > 1) closing.push(this.#systems.shift()?.close() ?? assert.fail());
      await this.#at.pass(this.#random() * 400);
    }
    await this.#at.pass(120_000);
    await Promise.all(closing);
    const unsettled = this.#systems.flatMap((system) =>
      system.services().map((service) => service.unsettled)
    );
    for (const system of this.#systems) await system.close();
    assert.deepEqual(unsettled.filter((calls) => calls > 0), []);
  }

  #pick<T>(all: readonly T[]): T {
    return all[Math.floor(this.#random() * all.length)] ?? assert.fail();
  }

  #call(send: (name: typeof METHODS[number], input: Input, signal?: AbortSignal) => Promise<unknown>): void {
    for (let more = 1 + this.#random() * 4; more >= 1; more--) {
      const name = this.#pick(METHODS);
      const plan = Array.from({ length: 4 }, () => this.#pick(DEEDS));
      const input = { id: this.calls.length, key: this.#pick(["a", "b"]), plan };
      this.#runs.push({ runs: 0, asked: 0 });
      const given = new AbortController();
      this.calls.push(new Learnt(send(name, input, /note/i.test(name) ? undefined : given.signal)));
      if (this.#random() < 0.15) this.#at.clock.after(this.#random() * 2_000, () => given.abort());
    }
  }

  async #serve(): Promise<void> {
    const transport = embedded(this.#at.broker);
    const system = await createSystem({
      name: "mixed",
      transport,
      clock: this.#at.clock,
      random: this.#random,
    });
    this.#systems.push(system);
    const answering = (name: string) => (input: Input, context: HandlerContext) =>
      this.#run(name, input, context);
    const noting = (name: string) => async (input: Input, context: HandlerContext) =>
      void await this.#run(name, input, context);
    await system.serve(Mixed, {
      idempotent: answering("idempotent"),
      other: answering("other"),
      keyedIdempotent: answering("keyedIdempotent"),
      keyedOther: answering("keyedOther"),
      note: noting("note"),
      keyedNote: noting("keyedNote"),
    }, { store: this.#store, mailboxCalls: 3, concurrency: 2 });
  }

  async #run(name: string, { id, plan }: Input, context: HandlerContext): Promise<number> {
    const known = this.#runs[id] ?? assert.fail();
    known.runs++;
    if (ONCE.has(name) && known.runs > 1 + known.asked) this.twice.push(`${name} ${id}`);
    await turns(1);
    const deed = plan[Math.min(known.runs, plan.length) - 1];
    if (deed === "crash") throw new Error("Broken");
    if (deed === "refuse") throw new RpcError("not_found", "No such account");
    if (deed === "soon" || deed === "later") {
      known.asked++;
      throw context.retryAfter(deed === "soon" ? 300 : 1_000);
    }
    if (deed === "slowly") await new Promise<void>((resolve) => void this.#at.clock.after(1_500, resolve));
    if (deed === "until aborted") await this.#untilAborted(context.signal);
    return id;
  }

  #untilAborted(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = this.#at.clock.after(8_000, resolve);
      signal.addEventListener("abort", () => {
        timer.cancel();
        reject(signal.reason);
      }, { once: true });
    });
  }
}

for (const ownership of ["offset", "perMessage"] as const) {
  for (const stored of [false, true]) {
    const name = `${ownership}, ${stored ? "with" : "without"} a store`;
    Deno.test(`every call comes to its end and runs as often as it may, while instances come and go: ${name}`, async () => {
      for (let seed = 1; seed <= 20; seed++) {
        await using at = new BankFixture(ownership);
        const rolling = new Rolling(at, seed, stored);
        await rolling.play();
        assert.deepEqual(rolling.calls.filter(({ answer }) => answer === undefined), [], `seed ${seed}`);
        assert.deepEqual(rolling.twice, [], `seed ${seed}`);
      }
    });
  }
}
