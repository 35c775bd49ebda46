import { actor } from "../../actors/actor.ts";
import type { HandlerContext, Handlers, ServiceHandlers } from "../../src/call/handler.ts";
import type { Process } from "../../testing/process.ts";
import type { Seeded } from "../../testing/seeded.ts";
import type { Audit } from "./audit.ts";
import { Account, type Step, type Transfers } from "./contracts.ts";
import type { Ledger } from "./ledger.ts";

/** What handlers of one process work with. */
export interface Bench {
  readonly process: Process;
  readonly audit: Audit;
  readonly ledger: Ledger;
  readonly random: Seeded;
}

/** The account of one number. */
export function accountOf(key: string, bench: Bench): Handlers<typeof Account> {
  const { ledger, process } = bench;
  const line = `account ${key}`;
  return {
    withdraw: (leg, context) =>
      watched(bench, leg, line, context, async () => {
        const { idempotencyKey } = context;
        const missing = await process.io(() => ledger.move(idempotencyKey, leg.transfer, key, -leg.cents));
        if (missing > 0) throw context.error("Short", { missing });
        return leg.cents;
      }),
    deposit: (leg, context) =>
      watched(bench, leg, line, context, async () => {
        const { idempotencyKey } = context;
        await process.io(() => ledger.move(idempotencyKey, leg.transfer, key, leg.cents));
        return leg.cents;
      }),
    stamp: (mark, context) => watched(bench, mark, line, context, () => mark.id),
    look: (mark, context) => watched(bench, mark, line, context, () => process.io(() => ledger.balance(key))),
  };
}

/** Transfers, and what is told of them. */
export function transfersOf(bench: Bench): ServiceHandlers<typeof Transfers> {
  const { random, process } = bench;
  let made = 0;
  return {
    transfer: actor(async () => {
      if (random.chance(0.3)) await process.sleep(random.int(1, 30));
      // The first one is what serving waits for.
      if (made++ > 0 && random.chance(0.3)) throw new Error("The ledger does not answer");
      return (transfer, context) =>
        watched(bench, transfer, `transfer ${transfer.from}`, context, async () => {
          const { id, chain, from, to, cents } = transfer;
          const accounts = context.client(Account);
          const leg = (side: string) => ({
            id: `${id}:${side}:${context.attempt}`,
            chain: `${id}:${side}`,
            place: 0,
            transfer: id,
            cents,
          });
          await accounts.at(from).withdraw(leg("out"), { idempotencyKey: `${id}:out` });
          await accounts.at(to).deposit(leg("in"), { idempotencyKey: `${id}:in` });
          return chain;
        });
    }),
    stamp: (mark, context) => watched(bench, mark, `stamp ${mark.key}`, context, () => mark.id),
    note: (mark, context) => watched(bench, mark, `note ${mark.id}`, context, () => {}),
    entry: (mark, context) => watched(bench, mark, `entry ${mark.key}`, context, () => {}),
  };
}

/** Runs a handler before the eyes of the audit; it takes its time, and crashes at times. */
async function watched<T>(
  { audit, random, process }: Bench,
  step: Step,
  line: string,
  context: Pick<HandlerContext, "signal" | "remainingMs" | "callId">,
  work: () => T | Promise<T>,
): Promise<T> {
  const { signal } = context;
  const end = audit.begin(step, line, process, context);
  try {
    const kind = random.random();
    if (kind < 0.5) await process.sleep(random.int(0, 5));
    else if (kind < 0.8) await process.sleep(random.int(5, 100));
    else if (kind < 0.83) await process.sleep(random.int(1_000, 8_000));
    if (random.chance(0.04)) throw new Error("The handler crashed");
    // Some heed their signal.
    if (random.chance(0.5)) signal.throwIfAborted();
    return await work();
  } finally {
    audit.finish(step, context.remainingMs());
    end();
  }
}
