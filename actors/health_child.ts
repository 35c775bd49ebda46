import { DirectIntake } from "../src/server/direct_intake.ts";
import type { DirectListener } from "../src/server/direct_listener.ts";
import type { ServiceParts } from "../src/server/service_parts.ts";
import { Health, healthHandlers, type HealthSource } from "../src/services/health.ts";
import type { CellHost } from "./cells/cell_host.ts";
import type { ChildSpec } from "./supervision/child.ts";
import { ServiceActors } from "./service.ts";

/**
 * The third child of a system's root: the contracts that every instance serves under its own address. No queue feeds
 * them, and no interceptor of the user's stands before them.
 */
export function healthChild(
  source: HealthSource,
  direct: Pick<DirectListener, "serve">,
  parts: ServiceParts,
  host: CellHost,
): ChildSpec {
  return {
    id: Health.name,
    kind: "direct",
    start: async (context) => {
      const actors = new ServiceActors(Health, healthHandlers(source), {}, host);
      await actors.start(context);
      const intake = new DirectIntake(
        new Map([[Health.name, { contract: Health, mailboxes: actors }]]),
        parts,
      );
      direct.serve(intake);
      return {
        stop: async (options) => {
          intake.close();
          await actors.stop(options);
        },
        state: () => ({ details: { unsettled: intake.unsettled, ...intake.counts } }),
      };
    },
  };
}
