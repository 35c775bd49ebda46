/** `deno task test:peers`: every peer of the benches that can be installed here answers calls. */
// deno-lint-ignore-file no-console -- says what was left out
import { PEER_NAMES } from "../../bench/broker/peers/peers.ts";
import { Servers } from "../../bench/broker/servers/servers.ts";
import { BrokerUnavailable } from "../broker/launcher.ts";
import { smoke } from "./peer_smoke.ts";

Deno.test("PEERS answer calls in closed and open loops", async (test) => {
  await using servers = new Servers({ brokerPid: undefined, proxy: true });
  for (const name of PEER_NAMES) {
    await test.step(name, async () => {
      try {
        await smoke(name, servers);
      } catch (error) {
        if (!(error instanceof BrokerUnavailable)) throw error;
        console.log(`left out: ${name}: ${error.message}`);
      }
    });
  }
});
