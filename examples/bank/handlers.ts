import { actor, type HandlerContext, type Handlers, RpcError, type ServiceHandlers } from "rocket-actors";
import { Account, type Notices, type Payments, type Rates } from "./contracts.ts";

/** An account: private state, one call at a time. A real bank would keep it in a database, fenced by `ctx.sequence`. */
export class AccountActor implements Handlers<typeof Account> {
  #balance = 0;

  readonly deposit: Handlers<typeof Account>["deposit"] = ({ cents }) => ({
    balance: this.#balance += cents,
  });

  readonly withdraw: Handlers<typeof Account>["withdraw"] = ({ cents }, ctx) => {
    if (cents > this.#balance) throw ctx.error("InsufficientFunds", { missing: cents - this.#balance });
    return { balance: this.#balance -= cents };
  };

  readonly balance: Handlers<typeof Account>["balance"] = () => ({ balance: this.#balance });
}

/** Handlers of payments: nested calls to two accounts, and money goes back where the second one fails. */
export function payments(): ServiceHandlers<typeof Payments> {
  const statements = new Map<string, string[]>();
  return {
    transfer: async ({ from, to, cents }, ctx) => {
      if (to === "poison") throw new Error("this one breaks the handler"); // a bug, not an answer
      const accounts = ctx.client(Account);
      try {
        await accounts.at(from).withdraw({ cents });
      } catch (error) {
        const failure = RpcError.from(error);
        if (!failure.is(Account, "InsufficientFunds")) throw failure;
        throw ctx.error("Declined", { reason: `${failure.details.missing} cents are missing` });
      }
      await accounts.at(to).deposit({ cents });
      const lines = statements.get(from) ?? [];
      statements.set(from, lines);
      lines.push(`${cents} to ${to}`);
      return { receipt: `${from}-${to}-${cents}` };
    },
    statement: (account) => statements.get(account) ?? [],
  };
}

/** A feed with a connection that breaks: its actor is restarted with a new one, and the call goes on. */
export function rates(onConnect: () => void): ServiceHandlers<typeof Rates> {
  return {
    rate: actor(() => {
      onConnect();
      let quotes = 0;
      return (pair: string) => {
        if (++quotes === 3) throw new Error(`the feed of ${pair} broke`);
        return 1.25;
      };
    }),
  };
}

/** Keeps what customers were told. */
export function notices(told: (text: string) => void): ServiceHandlers<typeof Notices> {
  return {
    tell: ({ customer, text }: { customer: string; text: string }, _: HandlerContext) =>
      told(`${customer}: ${text}`),
  };
}
