import { Servers } from "../../bench/broker/servers/servers.ts";
import { sharedNameServer } from "../broker/shared.ts";
import { smoke } from "./peer_smoke.ts";

// Those that take no more than what is here anyway; `deno task test:peers` tries all.
for (const name of ["ours", "native", "native-unpacked"] as const) {
  Deno.test(`PEERS.${name} answers calls in closed and open loops`, async () => {
    sharedNameServer();
    await using servers = new Servers({ brokerPid: undefined, proxy: false });
    await smoke(name, servers);
  });
}
