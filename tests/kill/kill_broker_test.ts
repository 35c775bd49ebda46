import assert from "node:assert/strict";
import { startCluster } from "../broker/launcher.ts";
import { playRounds, ROLES } from "./round.ts";

/** The same each time: what a change breaks shows at that change. `deno task test:kill --seed` plays others. */
const SEED = 1;

Deno.test("kill: a callee, a caller, the broker, owner and broker die under load, instances are restarted, and every promise is kept", async () => {
  await using cluster = await startCluster();
  const { violations, directory } = await playRounds(cluster, ROLES.remoting, SEED);
  assert.deepEqual(violations, [], `seed ${SEED}, its files are in ${directory}`);
});
