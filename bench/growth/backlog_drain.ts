/**
 * Serves what `backlog_sender.ts` has stored: `backlog_drain.ts <name server> <contract> <count>`. Begins to serve at a
 * command; its window begins with the first request that runs, and is over when all have.
 */
import { createSystem } from "rocket-actors";
import { remoting } from "rocket-actors/transport/remoting";
import { backlogged } from "./contracts.ts";
import { serveOnce } from "./once.ts";

const [nameServers = "", name = "", count] = Deno.args;

await serveOnce(async (_, begin) => {
  const all = Number(count);
  let run = 0;
  const drained = Promise.withResolvers<void>();
  const system = await createSystem({ name: "bench-drain", transport: remoting({ nameServers }) });
  await system.serve(backlogged(name), {
    work: () => {
      if (run === 0) begin();
      if (++run === all) drained.resolve();
    },
    probe: (body) => body,
  });
  await drained.promise;
  // It goes on serving: there is one who calls beside the backlog.
  return { calls: run, failed: 0, anError: "" };
});
