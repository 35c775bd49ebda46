import { defineEntity, defineService } from "../../src/contract/define.ts";
import { method } from "../../src/contract/method.ts";
import { type } from "../../src/contract/schema.ts";

/** What every call of the bank carries: who it is, and its place in the chain of calls of its caller. */
export interface Step {
  /** Unlike all others. */
  readonly id: string;
  /** Calls of one chain have one key, and each is made when the one before has settled. */
  readonly chain: string;
  /** Its place in its chain, from 0. */
  readonly place: number;
}

/** Money that moves from one account to another. */
export interface Transfer extends Step {
  readonly from: string;
  readonly to: string;
  readonly cents: number;
}

/** One side of a transfer. */
export interface Leg extends Step {
  readonly transfer: string;
  readonly cents: number;
}

/** A call that says what it belongs to, and nothing else. */
export interface Mark extends Step {
  readonly key: string;
}

/** Accounts by their number: an actor each. */
export const Account = defineEntity("sim.Account", {
  withdraw: method<Leg, number, { Short: { missing: number } }>({
    idempotent: true,
    errors: { Short: type() },
  }),
  deposit: method<Leg, number>({ idempotent: true }),
  /** Must never run twice. */
  stamp: method<Mark, string>(),
  look: method<Mark, number>({ safe: true }),
});

/** What moves money between accounts. */
export const Transfers = defineService("sim.Transfers", {
  /** An `actor()`, whose factory fails at times. */
  transfer: method<Transfer, string, { Short: { missing: number } }>({
    idempotent: true,
    key: ({ from }) => from,
    errors: { Short: type() },
  }),
  /** A function with a key, which must never run twice. */
  stamp: method<Mark, string>({ key: ({ key }) => key }),
  /** Stored for certain, so that it must run, or be found among the dead letters. */
  note: method.oneway<Mark>({ idempotent: true }),
  /** The same in an order. */
  entry: method.oneway<Mark>({ idempotent: true, key: ({ key }) => key }),
}, { slots: 2 });
