import { actor, RpcError, type ServeOptions, type System } from "rocket-actors";
import { setTimeout as sleep } from "node:timers/promises";
import type { Bank } from "./contract.ts";

/** What has come to a handler: one-way calls by number. */
export type Arrived = Set<number>;

/** How long a key may be idle: short, so that keys come and go. */
const PASSIVATE_AFTER_MS = 300;
const MAX_CELLS = 500;
const QUICK: ServeOptions["supervision"] = { backoff: { initialMs: 5, maxMs: 50 }, intensity: 1_000 };

/** Serves both contracts. */
export async function serveBank(system: System, { Teller, Account }: Bank, arrived: Arrived): Promise<void> {
  await system.serve(Account, () => {
    let balance = 0;
    return {
      deposit: ({ cents }) => ({ balance: balance += cents }),
      fail: () => {
        throw new TypeError("This account is broken");
      },
    };
  }, { passivateAfterMs: PASSIVATE_AFTER_MS, maxCells: MAX_CELLS, supervision: QUICK });
  await system.serve(Teller, {
    quote: ({ cents }) => ({ fee: Math.ceil(cents / 100) }),
    transfer: async ({ to, cents }, ctx) => await ctx.client(Account).at(to).deposit({ cents }),
    withdraw: ({ cents }, ctx) => {
      if (cents > 50) throw ctx.error("InsufficientFunds", { missing: cents - 50 });
      if (cents === 50) throw new RpcError("permission_denied", "Not this sum");
      return { left: 50 - cents };
    },
    slow: async ({ ms }, { signal }) => {
      await sleep(ms, undefined, { signal });
      return ms;
    },
    flaky: ({ crash }, { attempt }) => {
      if (crash && attempt === 1) throw new TypeError("Not this time");
      return attempt;
    },
    broken: () => {
      throw new TypeError("Never");
    },
    counter: actor(() => {
      let count = 0;
      return ({ crash }: { readonly crash: boolean }) => {
        if (crash) throw new TypeError("The counter is broken");
        return ++count;
      };
    }),
    notify: ({ number }) => void arrived.add(number),
  }, { supervision: QUICK });
}
