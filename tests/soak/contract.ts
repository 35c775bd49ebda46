import { defineEntity, defineService, type Entity, method, type Service, type } from "rocket-actors";

/** What is moved from one account to another. */
export interface Move {
  readonly from: string;
  readonly to: string;
  readonly cents: number;
}

const tellerMethods = {
  quote: method<{ cents: number }, { fee: number }>({ safe: true }),
  transfer: method<Move, { balance: number }>({ idempotent: true, key: ({ from }) => from }),
  withdraw: method({
    input: type<{ cents: number }>(),
    output: type<{ left: number }>(),
    errors: { InsufficientFunds: type<{ missing: number }>() },
  }),
  slow: method<{ ms: number }, number>({ idempotent: true }),
  flaky: method<{ crash: boolean }, number>({ idempotent: true }),
  broken: method<void, void>(),
  counter: method<{ crash: boolean }, number>(),
  notify: method.oneway<{ number: number }>({ idempotent: true }),
};
const accountMethods = {
  deposit: method<{ cents: number }, { balance: number }>({ idempotent: true }),
  fail: method<void, void>(),
};

/** The contracts of one run. */
export interface Bank {
  readonly Teller: Service<typeof tellerMethods>;
  readonly Account: Entity<typeof accountMethods>;
}

/**
 * A service and an entity with every kind of method.
 *
 * @param run what makes their names fresh
 */
export function bankContracts(run: string): Bank {
  return {
    Teller: defineService(`soak.Teller_${run}`, tellerMethods),
    Account: defineEntity(`soak.Account_${run}`, accountMethods),
  };
}
