/**
 * Calls the echo contract: `requester.ts <name server> <contract> <packed|unpacked> <bytes of the body>`. Reads
 * commands `run <in flight> <warm-up ms> <measured ms>` from its standard input until that ends, and prints the
 * lines of `line.ts`.
 */
// deno-lint-ignore-file no-console -- a program: it talks in lines
import { setTimeout as delay } from "node:timers/promises";
import { createInterface } from "node:readline";
import process from "node:process";
import { createClient } from "rocket-actors";
import { remoting } from "rocket-actors/transport/remoting";
import { bodyOf, echoContract } from "./contract.ts";
import { runLoad } from "./load.ts";

const [nameServers = "", name = "", packing, bytes] = Deno.args;
await using client = await createClient({ name: "bench-requester", transport: remoting({ nameServers }) });
const echo = client.client(echoContract(name, packing === "packed")).echo;
let sequence = 0;

async function call(): Promise<void> {
  const sent = bodyOf(++sequence, Number(bytes));
  const came = await echo(sent);
  if (came.seq !== sent.seq || came.pad !== sent.pad) throw new Error("not the body that was sent");
}

await call();
console.log(JSON.stringify({ event: "ready" }));
for await (const line of createInterface({ input: process.stdin })) {
  const [inFlight = 1, warmUpMs = 0, measuredMs = 0] = line.split(" ").slice(1).map(Number);
  const window = await runLoad({
    inFlight,
    call,
    warmedUp: () => delay(warmUpMs),
    measured: () => delay(measuredMs),
    onEvent: (event) => console.log(JSON.stringify({ event })),
  });
  console.log(JSON.stringify({ event: "end", ...window }));
}
