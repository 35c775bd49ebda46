import assert from "node:assert/strict";
import { startCluster } from "../broker/launcher.ts";
import { playRounds } from "./round.ts";

/** The same each time: what a change breaks shows at that change. `deno task test:kill --transport grpc` plays others. */
const SEED = 1;

Deno.test("kill: a callee and the proxy die under load by gRPC, and every promise is kept", async () => {
  await using cluster = await startCluster({ proxy: true, timeoutMs: 180_000 });
  const { violations, directory } = await playRounds(cluster, ["callee", "proxy"], SEED);
  assert.deepEqual(violations, [], `seed ${SEED}, its files are in ${directory}`);
});
