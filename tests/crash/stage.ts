import assert from "node:assert/strict";
import { type CallerSystem, createClient } from "../../actors/client.ts";
import { createSystem, type System } from "../../actors/system.ts";
import { defineService } from "../../src/contract/define.ts";
import { method } from "../../src/contract/method.ts";
import { HEADER, unescapeHeader } from "../../src/envelope/headers.ts";
import { RpcError } from "../../src/errors/rpc_error.ts";
import { MemoryStore } from "../../src/store/memory_store.ts";
import { embedded, type EmbeddedBroker, embeddedBroker } from "../../src/transport/embedded/mod.ts";
import { ManualClock } from "../helpers/manual_clock.ts";
import { turns } from "../helpers/settled.ts";
import type { Fate, Promised, Step, Stored } from "./crash_table.ts";
import { type Interference, StoreConnection, wrapped } from "./wrapped.ts";

/** A method of each promise. */
export const Bank = defineService("crash.Bank", {
  safe: method<string, string>({ safe: true }),
  idempotent: method<string, string>({ idempotent: true }),
  other: method<string, string>(),
});

/** Longer than a takeover and the lease of a store, so that both are in time. */
const TIMEOUT_MS = 20_000;
/** By then everything has come to its end. */
const LIMIT_MS = 60_000;
const STEP_MS = 50;

/** A broker, a caller, an instance that is stopped at a step, and one that takes over. */
export class CrashStage implements AsyncDisposable {
  readonly #clock = new ManualClock();
  readonly #broker: EmbeddedBroker = embeddedBroker({ clock: this.#clock });
  readonly #store: MemoryStore | undefined;
  readonly #open: (System | CallerSystem)[] = [];
  #runs = 0;

  constructor(stored: Stored) {
    this.#store = stored === "shared store" ? new MemoryStore({ clock: this.#clock }) : undefined;
  }

  /** Makes a call that is stopped at the step, lets another instance take over, and says what came of it. */
  async play(step: Step, promised: Promised): Promise<Fate> {
    const first = new FirstInstance(step, this.#store, promised);
    first.crash = () => this.#broker.crash(first.instance);
    const system = await this.#serve(first.interference, first.store, (input) => {
      if (first.dead) return new Promise(() => {});
      this.#runs++;
      return first.handle(input);
    });
    first.instance = system.instance;
    const caller = await createClient({
      transport: wrapped(embedded(this.#broker), first.caller),
      clock: this.#clock,
      random: () => 0.5,
    });
    this.#open.push(caller);
    let learnt: Fate["caller"] | undefined;
    caller.client(Bank, { timeoutMs: TIMEOUT_MS })[promised]("input").then(
      (output) => {
        assert.equal(output, "input, done");
        learnt = "reply";
      },
      (error) => {
        const { code, outcome } = RpcError.from(error);
        learnt = `${code} / ${outcome}`;
      },
    );
    await turns(10);
    if (step === "6") await this.#pass(TIMEOUT_MS + 1_000);
    await this.#serve({}, this.#store && new StoreConnection(this.#store), (input) => {
      this.#runs++;
      return `${input}, done`;
    });
    await this.#pass(LIMIT_MS);
    assert.ok(learnt !== undefined, "the caller learnt what came of its call");
    const [dead, ...others] = this.#deadLetters();
    assert.equal(others.length, 0);
    return { runs: this.#runs, caller: learnt, ...dead === undefined ? {} : { dead } };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const one of this.#open) await one.close();
    this.#broker.close();
    assert.equal(this.#clock.timers, 0);
  }

  async #serve(
    interference: Interference,
    store: StoreConnection | undefined,
    handler: (input: string) => string | Promise<string>,
  ): Promise<System> {
    const transport = wrapped(embedded(this.#broker), interference);
    const system = await createSystem({ name: "bank", transport, clock: this.#clock, random: () => 0.5 });
    this.#open.push(system);
    await system.serve(Bank, { safe: handler, idempotent: handler, other: handler }, { store });
    return system;
  }

  async #pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += STEP_MS) {
      this.#clock.advance(STEP_MS);
      await turns(1);
    }
  }

  #deadLetters(): readonly string[] {
    return this.#broker.messages("%DLQ%rpc-crash-Bank").map(({ message }) =>
      unescapeHeader(message.headers.get(HEADER.dead) ?? "").replace(/; attempts: \d$/, "")
    );
  }
}

/** The instance that is stopped at a step, by what is done to its ports. */
class FirstInstance {
  readonly store: StoreConnection | undefined;
  readonly interference: Interference = {};
  readonly caller: Interference = {};
  instance = "";
  crash: () => void = () => {};
  dead = false;
  readonly #step: Step;

  constructor(step: Step, shared: MemoryStore | undefined, promised: Promised) {
    this.#step = step;
    this.store = shared && new StoreConnection(shared);
    const asked = this.store !== undefined && promised !== "safe";
    const { interference, caller } = this;
    const lost = new RpcError("unavailable", "The connection broke", { outcome: "sent_unknown" });
    switch (step) {
      case "0":
        caller.send = () =>
          Promise.reject(new RpcError("unavailable", "The broker is down", { outcome: "not_sent" }));
        break;
      case "0'":
        caller.send = async (forward) => {
          await forward();
          throw lost;
        };
        break;
      case "0''": {
        let tries = 0;
        caller.send = (forward) => tries++ === 0 ? Promise.reject(lost) : forward();
        break;
      }
      case "1-3":
        interference.deliver = () => this.#die();
        break;
      case "3'":
        if (asked && this.store !== undefined) this.store.begun = () => this.#die();
        else {
          interference.started = (forward) => {
            void forward();
            this.#die();
            return new Promise(() => {});
          };
        }
        break;
      case "5":
        if (asked && this.store !== undefined) this.store.finished = () => this.#die();
        else {
          interference.sendTo = (forward) => {
            this.#die();
            return forward();
          };
        }
        break;
      case "6":
        interference.sendTo = () => Promise.reject(lost);
        break;
      case "7":
        interference.ack = () => this.#die();
        break;
    }
  }

  handle(input: string): string | Promise<string> {
    if (this.#step !== "4") return `${input}, done`;
    this.#die();
    return new Promise(() => {});
  }

  #die(): void {
    if (this.dead) return;
    this.dead = true;
    this.store?.die();
    this.crash();
  }
}
