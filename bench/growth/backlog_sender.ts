/**
 * Stores one-way requests that nobody serves so far: `backlog_sender.ts <name server> <contract> <count>`. Does so at a
 * command, with as many under way as that says.
 */
import { createClient } from "rocket-actors";
import { remoting } from "rocket-actors/transport/remoting";
import { bodyOf } from "../broker/contract.ts";
import { serveOnce } from "./once.ts";
import { backlogged } from "./contracts.ts";

const [nameServers = "", name = "", count] = Deno.args;
await using client = await createClient({ name: "bench-sender", transport: remoting({ nameServers }) });
const { work } = client.client(backlogged(name));

await serveOnce(async (inFlight, begin) => {
  const calls = Number(count);
  let left = calls;
  let failed = 0;
  let anError = "";
  begin();
  await Promise.all(Array.from({ length: inFlight }, async () => {
    while (left > 0) {
      const body = bodyOf(left--, 128);
      try {
        await work(body);
      } catch (error) {
        // It may be stored all the same: one too many does no harm, one too few would be waited for in vain.
        left++;
        failed++;
        anError = String(error);
        if (failed > calls) throw error;
      }
    }
  }));
  return { calls, failed, anError };
});
