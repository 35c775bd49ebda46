import type { System } from "../../actors/system.ts";
import type { HandlerContext } from "../../src/call/handler.ts";
import { defineService } from "../../src/contract/define.ts";
import { method } from "../../src/contract/method.ts";
import { HEADER, unescapeHeader } from "../../src/envelope/headers.ts";
import { RpcError } from "../../src/errors/rpc_error.ts";
import type { OutcomeStore } from "../../src/store/outcome_store.ts";
import type { Transport } from "../../src/transport/transport.ts";
import { turns } from "../helpers/settled.ts";
import { StillStage } from "./still_stage.ts";

/** A method of each promise, on one queue. */
export const Bank = defineService("crash.Bank", {
  safe: method<string, string>({ safe: true }),
  idempotent: method<string, string>({ idempotent: true }),
  other: method<string, string>(),
  note: method.oneway<string>(),
}, { slots: 1 });

/** What runs a call, and what it is told of it. */
export type BankHandler = (input: string, context: HandlerContext) => string | Promise<string>;

const STEP_MS = 50;

/** A stage whose systems serve the bank. */
export class BankFixture extends StillStage {
  /** A system that serves the bank. */
  async serve(
    handler: BankHandler,
    { store, wrap }: {
      readonly store?: OutcomeStore | undefined;
      readonly wrap?: (transport: Transport) => Transport;
    } = {},
  ): Promise<System> {
    const system = await this.system(wrap);
    const note = async (input: string, context: HandlerContext) => void await handler(input, context);
    await system.serve(Bank, { safe: handler, idempotent: handler, other: handler, note }, { store });
    return system;
  }

  /** Lets time pass, with room for everything that it sets off. */
  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += STEP_MS) {
      this.clock.advance(Math.min(STEP_MS, ms - passed));
      await turns(1);
    }
    await turns();
  }

  /** Why requests are in the dead-letter queue. */
  get deadLetters(): readonly string[] {
    return this.broker.messages("%DLQ%rpc-crash-Bank").map(({ message }) =>
      unescapeHeader(message.headers.get(HEADER.dead) ?? "")
    );
  }
}

/** What a caller learnt: its reply, or code and outcome of its error. Filled in when it does. */
export class Learnt {
  answer: string | undefined;

  constructor(call: Promise<unknown>) {
    call.then(
      (output) => this.answer = `reply ${String(output)}`,
      (error) => {
        const { code, outcome } = RpcError.from(error);
        this.answer = `${code} / ${outcome}`;
      },
    );
  }
}
