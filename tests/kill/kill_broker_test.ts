import assert from "node:assert/strict";
import { startCluster } from "../broker/launcher.ts";
import { playRounds, ROLES } from "./round.ts";

Deno.test("kill: a callee, a caller, the broker, owner and broker die under load, instances are restarted, and every promise is kept", async () => {
  await using cluster = await startCluster();
  // Whatever fails is played again by `deno task test:kill --seed`.
  const seed = Math.floor(Math.random() * 1_000_000);
  const { violations, directory } = await playRounds(cluster, ROLES, seed);
  assert.deepEqual(violations, [], `seed ${seed}, its files are in ${directory}`);
});
