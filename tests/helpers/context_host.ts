import type { ContextHost } from "../../actors/call_context.ts";
import type { Clock } from "../../src/async/clock.ts";
import type { Contract } from "../../src/contract/types.ts";
import { logger } from "../../src/log/log.ts";

/** What the calls of a contract share, where no system is around. */
export function contextHost(
  clock: Clock,
  contract: Pick<Contract, "name" | "kind"> = { name: "test.Service", kind: "service" },
): ContextHost {
  return {
    contract,
    instance: "test/1",
    clock,
    log: (properties) => logger("handler").with(properties),
    client: () => {
      throw new TypeError("No nested calls here");
    },
  };
}
