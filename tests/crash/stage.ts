import assert from "node:assert/strict";
import { RpcError } from "../../src/errors/rpc_error.ts";
import { MemoryStore } from "../../src/store/memory_store.ts";
import { turns } from "../helpers/settled.ts";
import { Bank, BankFixture, Learnt } from "./bank_fixture.ts";
import type { Fate, Ownership, Promised, Step, Stored } from "./crash_table.ts";
import { type Interference, StoreConnection, wrapped } from "./wrapped.ts";

/** Longer than a takeover, a redelivery and the lease of a store, so that all of them are in time. */
const TIMEOUT_MS = 50_000;
/** By then everything has come to its end. */
const LIMIT_MS = 120_000;

/** A broker, a caller, an instance that is stopped at a step, and one that takes over. */
export class CrashStage implements AsyncDisposable {
  readonly #at: BankFixture;
  readonly #store: MemoryStore | undefined;
  #runs = 0;

  constructor(ownership: Ownership, stored: Stored) {
    this.#at = new BankFixture(ownership);
    this.#store = stored === "shared store" ? new MemoryStore({ clock: this.#at.clock }) : undefined;
  }

  /** Makes a call that is stopped at the step, lets another instance take over, and says what came of it. */
  async play(step: Step, promised: Promised): Promise<Fate> {
    const at = this.#at;
    const first = new FirstInstance(step, this.#store, promised);
    const system = await at.serve((input) => {
      if (first.dead) return new Promise(() => {});
      this.#runs++;
      return first.handle(input);
    }, { store: first.store, wrap: (transport) => wrapped(transport, first.interference) });
    first.crash = () => at.broker.crash(system.instance);
    const caller = await at.client((transport) => wrapped(transport, first.caller));
    const call = new Learnt(caller.client(Bank, { timeoutMs: TIMEOUT_MS })[promised]("input"));
    await turns(10);
    if (step === "6") await at.pass(TIMEOUT_MS + 1_000);
    await at.serve((input) => {
      this.#runs++;
      return `${input}, done`;
    }, { store: this.#store && new StoreConnection(this.#store) });
    await at.pass(LIMIT_MS);
    const { answer } = call;
    assert.ok(answer !== undefined, "the caller learnt what came of its call");
    const [dead, ...others] = at.deadLetters.map((reason) => reason.replace(/; attempts: \d$/, ""));
    assert.equal(others.length, 0);
    const learnt = answer === "reply input, done" ? "reply" : answer;
    return { runs: this.#runs, caller: learnt, ...dead === undefined ? {} : { dead } };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#at[Symbol.asyncDispose]();
  }
}

/** The instance that is stopped at a step, by what is done to its ports. */
class FirstInstance {
  readonly store: StoreConnection | undefined;
  readonly interference: Interference = {};
  readonly caller: Interference = {};
  crash: () => void = () => {};
  dead = false;
  readonly #step: Step;

  constructor(step: Step, shared: MemoryStore | undefined, promised: Promised) {
    this.#step = step;
    this.store = shared && new StoreConnection(shared);
    // Nobody asks a store about what is safe.
    this.#interfere(step, promised === "safe" ? undefined : this.store);
  }

  handle(input: string): string | Promise<string> {
    if (this.#step !== "4") return `${input}, done`;
    this.#die();
    return new Promise(() => {});
  }

  #interfere(step: Step, store: StoreConnection | undefined): void {
    const { interference, caller } = this;
    const die = () => this.#die();
    switch (step) {
      case "0":
        caller.send = () => Promise.reject(refused("not_sent"));
        break;
      case "0'":
        caller.send = (forward) => forward().then(() => Promise.reject(refused("sent_unknown")));
        break;
      case "0''": {
        let tries = 0;
        caller.send = (forward) => tries++ === 0 ? Promise.reject(refused("sent_unknown")) : forward();
        break;
      }
      case "1-3":
        interference.deliver = die;
        break;
      case "3'":
        if (store !== undefined) store.begun = die;
        else {
          interference.started = (forward) => {
            void forward();
            die();
            return new Promise(() => {});
          };
        }
        break;
      case "5":
        if (store !== undefined) store.finished = die;
        else {
          interference.sendTo = (forward) => {
            die();
            return forward();
          };
        }
        break;
      case "6":
        interference.sendTo = () => Promise.reject(refused("sent_unknown"));
        break;
      case "7":
        interference.ack = die;
        break;
      case "4":
        // The handler itself is the port.
        break;
    }
  }

  #die(): void {
    if (this.dead) return;
    this.dead = true;
    this.store?.die();
    this.crash();
  }
}

function refused(outcome: "not_sent" | "sent_unknown"): RpcError {
  return new RpcError("unavailable", "The connection broke", { outcome });
}
