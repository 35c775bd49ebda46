/** Shows what a call costs as services, keys, queues and so on grow: see `settings.ts` for how it is called. */
// deno-lint-ignore-file no-console -- a program: what it prints is its user interface
import { describeMachine } from "../broker/machine.ts";
import { Servers } from "../broker/servers/servers.ts";
import { settingsOr } from "../flags.ts";
import { toSvg } from "../plot.ts";
import { dateOfRun, saveFile, saveRun } from "../results.ts";
import { type Backlog, measureBacklog } from "./backlog.ts";
import { measureSizes } from "./measure.ts";
import { chartOf, type Grown, type Run, toMarkdown } from "./report.ts";
import { SCENARIOS } from "./scenarios.ts";
import { type Settings, settingsFrom, USAGE } from "./settings.ts";

/** How long calls beside a backlog are measured, in milliseconds. */
const BESIDE_MS = 5_000;
const QUICK_BESIDE_MS = 500;

async function main(settings: Settings): Promise<void> {
  const date = dateOfRun();
  const say = (line: string) => console.error(line);
  const machine = await describeMachine();
  let rocketMq = "not used";
  const grown: Grown[] = [];
  let backlog: Backlog | undefined;
  const { brokerPid, quick } = settings;
  // A RocketMQ for each: what one leaves there must not weigh on the next.
  for (const name of settings.scenarios) {
    await using servers = new Servers({ brokerPid, proxy: false });
    const broker = await servers.rocketMq();
    rocketMq = servers.rocketMqVersion;
    if (name === "backlog") {
      backlog = await measureBacklog(broker, settings.backlog, quick ? QUICK_BESIDE_MS : BESIDE_MS, say);
    } else {
      const scenario = SCENARIOS[name];
      grown.push({ name, scenario, rows: await measureSizes(name, scenario, broker, settings, say) });
    }
  }
  const run: Run = { date, machine, rocketMq, settings, grown, backlog };
  await saveRun("growth-", run);
  await saveFile("growth-", date, ".md", toMarkdown(run));
  if (grown.length > 0) await saveFile("growth-", date, ".svg", toSvg(chartOf(run)));
  console.log(toMarkdown(run));
}

await main(settingsOr(settingsFrom, USAGE));
