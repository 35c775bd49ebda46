/** What calls take on a broker's disk, both legs, by how they travel: `deno task bench:disk [--calls 50000]`. */
// deno-lint-ignore-file no-console -- a program: what it prints is its user interface
import { parseArgs } from "node:util";
import { type Client, createClient, createSystem, defineService, method } from "rocket-actors";
import { remoting } from "rocket-actors/transport/remoting";
import { RocketMqClient } from "../../src/rocketmq/mod.ts";
import { startCluster } from "../../tests/broker/launcher.ts";
import { settingsOr, whole } from "../flags.ts";
import { type DiskUse, growth, Store } from "./store.ts";

/** The input and the output of each call, as JSON. */
const BODY_BYTES = 128;
const PAD = "x".repeat(BODY_BYTES - `{"pad":""}`.length);
const USAGE = "  deno task bench:disk [--calls 50000]";

const WAYS = {
  "packed": {},
  'packed, `indexCalls: "pack"`': { indexCalls: "pack" },
  "`packing: false`": { packing: false },
} as const;

interface Body {
  readonly pad: string;
}

function contractOf(number: number, options: (typeof WAYS)[keyof typeof WAYS]) {
  return defineService(`bench.Disk${number}`, {
    echo: method<Body, Body>({ safe: true, timeoutMs: 60_000 }),
  }, options);
}

/** Keeps that many calls under way until all are made. */
async function run(
  client: Client<ReturnType<typeof contractOf>>,
  calls: number,
  inFlight: number,
): Promise<void> {
  let left = calls;
  await Promise.all(Array.from({ length: inFlight }, async () => {
    while (left-- > 0) await client.echo({ pad: PAD });
  }));
}

function row(way: string, inFlight: number, calls: number, use: DiskUse): string {
  const perMillion = (bytes: number): string => (bytes / calls).toFixed(0);
  const { log, queues, index, messages } = use;
  const cells = [way, inFlight, (messages / calls).toFixed(2)];
  return `| ${
    [...cells, perMillion(log), perMillion(queues), perMillion(index), perMillion(log + queues + index)].join(
      " | ",
    )
  } |`;
}

async function main(calls: number): Promise<void> {
  await using cluster = await startCluster();
  const [broker] = cluster.brokers;
  if (broker === undefined) throw new TypeError("The cluster has no broker");
  const nameServers = cluster.nameServer;
  await using asking = new RocketMqClient({ nameServers, clientId: "bench-disk" });
  const store = new Store(asking, broker.address, `${cluster.directory}/${broker.name}`);
  await using system = await createSystem({ name: "bench", transport: remoting({ nameServers }) });
  await using caller = await createClient({ transport: remoting({ nameServers }) });
  console.log("| calls | in flight | messages per call | log | queues | index | MB per million calls |");
  console.log("| --- | ---: | ---: | ---: | ---: | ---: | ---: |");
  let number = 0;
  for (const [way, options] of Object.entries(WAYS)) {
    for (const inFlight of [1, 64, 256]) {
      const contract = contractOf(number++, options);
      const service = await system.serve(contract, { echo: (body) => body });
      const client = caller.client(contract);
      const count = inFlight === 1 ? Math.ceil(calls / 10) : calls;
      // What is made once, topics and first records, does not count.
      await run(client, 10, 1);
      const before = await store.read();
      await run(client, count, inFlight);
      console.log(row(way, inFlight, count, growth(before, await store.read())));
      await service.stop();
    }
  }
}

await main(settingsOr((args) => {
  const { values } = parseArgs({ args: [...args], options: { calls: { type: "string", default: "50000" } } });
  return whole("calls", values.calls, 100);
}, USAGE));
