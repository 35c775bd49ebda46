/** Offers a service more than it can do and shows what becomes of it: see `settings.ts` for how it is called. */
// deno-lint-ignore-file no-console -- a program: what it prints is its user interface
import { embedded, embeddedBroker, type Transport } from "rocket-actors";
import { remoting } from "rocket-actors/transport/remoting";
import { startCluster } from "../../tests/broker/launcher.ts";
import { settingsOr } from "../flags.ts";
import { toSvg } from "../plot.ts";
import { dateOfRun, saveRun } from "../results.ts";
import { overload } from "./overload.ts";
import { plotOf } from "./plot.ts";
import { broken, slow, toMarkdown } from "./report.ts";
import { type Settings, settingsFrom, USAGE } from "./settings.ts";
import type { Second } from "./window.ts";

async function transports({ transport }: Settings, stack: AsyncDisposableStack): Promise<() => Transport> {
  if (transport === "embedded") {
    // Small, so that what it keeps of settled messages is soon at its bound.
    const broker = embeddedBroker({ retainedMessages: 5_000, retainedBytes: 16 * 1024 * 1024 });
    stack.defer(() => broker.close());
    return () => embedded(broker);
  }
  const named = Deno.env.get("ROCKET_ACTORS_NAME_SERVER");
  const nameServers = named || stack.use(await startCluster()).nameServer;
  return () => remoting({ nameServers });
}

function show({ at, phase, offered, fates, handlerP99Ms, replyP99Ms, open, heap }: Second): void {
  console.error(
    `${at.toFixed(0)} s ${phase}: ${offered} offered, ${JSON.stringify(fates)}, handler p99 ` +
      `${handlerP99Ms.toFixed(1)} ms, to reply ${replyP99Ms.toFixed(1)} ms, ${open} open, ` +
      `${(heap / 1024 / 1024).toFixed(0)} MiB`,
  );
}

async function main(settings: Settings): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const date = dateOfRun();
  const run = await overload(settings, await transports(settings, stack), show);
  const { measures: { seconds }, heap } = run;
  const saved = { date, settings, heap, seconds };
  await saveRun(`overload-${settings.transport}-`, saved);
  const file = new URL(`../results/overload-${settings.transport}.svg`, import.meta.url);
  const title = `${settings.factor} times the capacity, ${settings.transport}, ${date}`;
  await Deno.writeTextFile(file, toSvg(plotOf(seconds, title)));
  console.log(toMarkdown(run, settings));
  console.log(`Plot: ${file.pathname}`);
  const wrong = [...broken(run, settings), ...slow(run)];
  for (const sentence of wrong) console.log(sentence);
  Deno.exitCode = wrong.length === 0 ? 0 : 1;
}

await main(settingsOr(settingsFrom, USAGE));
