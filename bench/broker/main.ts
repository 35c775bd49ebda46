/** Compares our calls with those of others on this machine: see `settings.ts` for how it is called. */
// deno-lint-ignore-file no-console -- a program: what it prints is its user interface
import { settingsOr } from "../flags.ts";
import { toSvg } from "../plot.ts";
import { dateOfRun, saveFile, saveRun } from "../results.ts";
import { chartOf } from "./chart.ts";
import { describeMachine } from "./machine.ts";
import { PEERS } from "./peers/peers.ts";
import { type Run, toMarkdown } from "./report.ts";
import { runRounds, startPeers } from "./rounds.ts";
import { rowOf } from "./row.ts";
import { Servers } from "./servers/servers.ts";
import { type Settings, settingsFrom, USAGE } from "./settings.ts";

async function main(settings: Settings): Promise<void> {
  const date = dateOfRun();
  const say = (line: string) => console.error(line);
  // Before anything starts: that is load, too.
  const machine = await describeMachine();
  await using servers = new Servers({
    brokerPid: settings.brokerPid,
    proxy: settings.peers.includes("grpc"),
  });
  await using started = await startPeers(settings.peers, servers, say);
  const found = await runRounds(started, settings, say);
  const run: Run = {
    date,
    machine,
    rocketMq: servers.rocketMqVersion,
    settings,
    peers: Object.fromEntries(started.pairs.map(({ name }) => [name, PEERS[name].what])),
    leftOut: started.leftOut,
    rows: found.map(({ key, rounds }) => rowOf(key, rounds)),
  };
  await saveRun("broker-", run);
  await saveFile("broker-", date, ".md", toMarkdown(run));
  for (const body of settings.bodies) {
    await saveFile("broker-", date, `-${body}.svg`, toSvg(chartOf(run, body)));
  }
  console.log(toMarkdown(run));
  Deno.exitCode = started.brokeDown.length === 0 ? 0 : 1;
}

await main(settingsOr(settingsFrom, USAGE));
