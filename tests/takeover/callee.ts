/**
 * A process that serves the work contract and writes down what happens, so that a test can kill it:
 *
 *     deno run -A tests/takeover/callee.ts <name server> <contract> <event file> [--drop-acks]
 *
 * Events are appended before the handler goes on, so a SIGKILL loses none: `asked <call>` when a start is about to be
 * recorded, `ran <method> <n> <attempt> <call>` when the handler begins, `done <method> <n>` when it ends, `lost <reason>` for
 * each queue that it loses. Each line on
 * stdin is answered by one line of JSON: the service's state. The end of stdin, or SIGTERM, stops it gracefully.
 */
// deno-lint-ignore-file no-console -- stdout is how the test talks to it
import { createSystem, type Handler } from "rocket-actors";
import { remoting } from "rocket-actors/transport/remoting";
import { type Work, workContract } from "./contract.ts";
import { observed } from "./observed_transport.ts";

console.log("begins");
const [nameServers = "", contractName = "", eventFile = "", flag] = Deno.args;
const events = Deno.openSync(eventFile, { create: true, append: true });
const encoder = new TextEncoder();

function write(event: string): void {
  events.writeSync(encoder.encode(event + "\n"));
}

function handler(method: string): Handler<Work, number> {
  return async ({ n, ms }, { attempt, callId }) => {
    write(`ran ${method} ${n} ${attempt} ${callId}`);
    await new Promise((resolve) => setTimeout(resolve, ms));
    write(`done ${method} ${n}`);
    return n;
  };
}

const transport = observed(remoting({ nameServers }), {
  asked: (delivery) => delivery.message.keys.forEach((key) => write(`asked ${key}`)),
  lost: (reason) => write(`lost ${reason}`),
  dropAcks: flag === "--drop-acks",
});
const system = await createSystem({ name: "callee", transport });
const service = await system.serve(workContract(contractName), {
  safe: handler("safe"),
  idempotent: handler("idempotent"),
  once: handler("once"),
});

let stopping = false;
async function stop(): Promise<void> {
  if (stopping) return;
  stopping = true;
  await system[Symbol.asyncDispose]();
  write("stopped");
  Deno.exit(0);
}
Deno.addSignalListener("SIGTERM", () => void stop());

console.log("ready");
for await (const chunk of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
  for (const _ of chunk.trim().split("\n")) console.log(JSON.stringify(service.state()));
}
await stop();
