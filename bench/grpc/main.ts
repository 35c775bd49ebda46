// deno-lint-ignore-file no-console -- a program that measures
/**
 * Calls through a gRPC proxy, side by side: this library, and the straightforward use of `rocketmq-client-nodejs`, with
 * its Producer and PushConsumer and one acknowledgement per message. One process plays both ends; the CPU is its own.
 *
 *     deno run -A bench/grpc/main.ts --name-server host:port --endpoint host:port [--seconds 5]
 */
import { parseArgs } from "node:util";
import process from "node:process";
import { RocketMqClient } from "rocket-actors/rocketmq";
import { makeTopics, REPLY_TOPIC_SPEC } from "../../tests/helpers/grpc_topics.ts";
import type { Calls } from "./calls.ts";
import { startOurs } from "./ours.ts";
import { startPeer } from "./peer.ts";

const IN_FLIGHT = [1, 64, 256] as const;

/** What one run measured. */
interface Figures {
  readonly perSecond: number;
  readonly medianMs: number;
  readonly cpuMsPerCall: number;
  readonly failed: number;
}

async function measure(call: Calls["call"], inFlight: number, seconds: number): Promise<Figures> {
  const latencies: number[] = [];
  let failed = 0;
  const begin = performance.now();
  const cpu = process.cpuUsage();
  const end = begin + seconds * 1_000;
  const caller = async (): Promise<void> => {
    while (performance.now() < end) {
      const since = performance.now();
      try {
        await call("0123456789");
        latencies.push(performance.now() - since);
      } catch {
        failed++;
      }
    }
  };
  await Promise.all(Array.from({ length: inFlight }, caller));
  const tookMs = performance.now() - begin;
  const { user, system } = process.cpuUsage(cpu);
  latencies.sort((one, other) => one - other);
  const count = Math.max(1, latencies.length);
  return {
    perSecond: latencies.length / (tookMs / 1_000),
    medianMs: latencies[Math.floor(count / 2)] ?? NaN,
    cpuMsPerCall: (user + system) / 1_000 / count,
    failed,
  };
}

const { values } = parseArgs({
  options: {
    "name-server": { type: "string" },
    endpoint: { type: "string" },
    seconds: { type: "string", default: "5" },
  },
});
const { "name-server": nameServers, endpoint, seconds } = values;
if (nameServers === undefined || endpoint === undefined) {
  console.error("Give --name-server host:port and --endpoint host:port, as deno task broker prints them");
  Deno.exit(1);
}
await using operator = new RocketMqClient({ nameServers, clientId: `bench-${crypto.randomUUID()}` });
await makeTopics(operator, [REPLY_TOPIC_SPEC]);
console.log(
  `| who | in flight | calls/s | median ms | CPU ms per call | failed |\n| --- | --- | --- | --- | --- | --- |`,
);
for (const start of [startPeer, startOurs]) {
  const calls = await start(endpoint, operator);
  await measure(calls.call, 16, 2);
  for (const inFlight of IN_FLIGHT) {
    const { perSecond, medianMs, cpuMsPerCall, failed } = await measure(
      calls.call,
      inFlight,
      Number(seconds),
    );
    const figures = [perSecond.toFixed(0), medianMs.toFixed(1), cpuMsPerCall.toFixed(2), failed];
    console.log(`| ${calls.name} | ${inFlight} | ${figures.join(" | ")} |`);
  }
  await calls.close();
}
// The package's consumers leave a logger's interval behind.
Deno.exit(0);
