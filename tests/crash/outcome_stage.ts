import assert from "node:assert/strict";
import type { System } from "../../actors/system.ts";
import { defineService } from "../../src/contract/define.ts";
import { method } from "../../src/contract/method.ts";
import type { Schema } from "../../src/contract/schema.ts";
import { RpcError } from "../../src/errors/rpc_error.ts";
import type { OutcomeStore } from "../../src/store/outcome_store.ts";
import { schemaOf } from "../helpers/schemas.ts";
import { turns } from "../helpers/settled.ts";
import { StillStage } from "./still_stage.ts";

/** A schema that takes numbers only. */
export const Count: Schema<unknown, unknown> = schemaOf((value) =>
  typeof value === "number" ? { value } : { issues: [{ message: "not a number" }] }
);

/** A method of each kind that an outcome needs. */
export const Service = defineService("test.Outcomes", {
  run: method<unknown, unknown>(),
  again: method<unknown, unknown>({ idempotent: true }),
  counted: method({ output: Count, errors: { Short: Count } }),
  wait: method<unknown, unknown>({ whenAbsent: "wait" }),
});
type Run = (input: unknown, context: { retryAfter(ms: number): Error; client: System["client"] }) => unknown;

/** A stage on which calls fail. */
export class OutcomeStage extends StillStage {
  /** A system that serves {@linkcode Service}, whose methods all do the same. */
  async serve(run: Run = (input) => input, store?: OutcomeStore): Promise<System> {
    const system = await this.system();
    await system.serve(Service, { run, again: run, counted: run, wait: run }, { store });
    return system;
  }

  /** Lets time pass until the call has failed. */
  async failure(call: Promise<unknown>): Promise<RpcError> {
    let failure: unknown;
    call.then((value) => failure = value, (error) => failure = error);
    for (let step = 0; failure === undefined && step < 2_000; step++) {
      await turns(2);
      this.clock.advance(50);
    }
    assert.ok(failure instanceof RpcError, `expected a failure, got ${String(failure)}`);
    return failure;
  }

  protected override async close(): Promise<void> {
    let closed = false;
    const closing = super.close().finally(() => closed = true);
    // Handlers that never end have the drain limit.
    while (!closed) {
      await turns(1);
      this.clock.advance(1_000);
    }
    await closing;
  }
}

/** How the failures of one row of the table come about. */
export type Produce = (at: OutcomeStage) => Promise<RpcError | readonly RpcError[]>;

/** A handler that never ends. */
export const never = (): Promise<never> => new Promise<never>(() => {});
