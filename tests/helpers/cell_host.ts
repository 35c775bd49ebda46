import { ByteBudget } from "../../actors/cells/byte_budget.ts";
import type { CellHost } from "../../actors/cells/cell_host.ts";
import { Turns } from "../../actors/cells/turns.ts";
import type { Clock } from "../../src/async/clock.ts";
import type { Contract } from "../../src/contract/types.ts";
import { logger } from "../../src/log/log.ts";

/** What the cells of a contract share, where no system is around: bounds that no test reaches. */
export function cellHost(
  clock: Clock,
  contract: Pick<Contract, "name" | "kind"> = { name: "test.Service", kind: "service" },
): CellHost {
  return {
    contract,
    instance: "test/1",
    clock,
    interceptors: [],
    random: () => 0.5,
    turns: new Turns(Infinity),
    budget: new ByteBudget(Infinity),
    log: (properties) => logger("handler").with(properties),
    client: () => {
      throw new TypeError("No nested calls here");
    },
  };
}
