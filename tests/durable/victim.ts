/**
 * A process that serves and calls itself on a broker file, to be killed:
 *
 *     deno run -A tests/durable/victim.ts <broker file> <evidence file> <life> [--drain]
 *
 * With `--drain` it makes no calls, waits until nothing is unsettled, notes the dead letters and ends.
 */
// deno-lint-ignore-file no-console -- stdout is how the test talks to it
import { createSystem, embedded, type HandlerContext, RpcError } from "rocket-actors";
import { MemoryBroker } from "../../src/transport/embedded/broker.ts";
import { OffsetGroup } from "../../src/transport/embedded/offset_group.ts";
import { DEAD_LETTERS, GROUP, Ledger, type Work } from "./contract.ts";
import { Evidence } from "./evidence.ts";

const CALLERS = 12;

const [file = "", evidenceFile = "", life = "", ...flags] = Deno.args;
using evidence = new Evidence(evidenceFile, Number(life));
const broker = new MemoryBroker({ file });
const system = await createSystem({ name: "victim", transport: embedded(broker) });

function handler(method: string): (work: Work, context: HandlerContext) => Promise<string> {
  return async ({ label, ms }) => {
    evidence.note("began", method, label);
    if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
    evidence.note("ended", method, label);
    return label;
  };
}

const told = handler("told");
await system.serve(Ledger, {
  once: handler("once"),
  again: handler("again"),
  keyed: handler("keyed"),
  told: async (work, context) => void await told(work, context),
});

async function callAgainAndAgain(caller: number): Promise<never> {
  const client = system.client(Ledger);
  for (let count = 0;; count++) {
    const label = `${life}-${caller}-${count}-${Math.floor(Math.random() * 4)}`;
    const work: Work = { label, ms: Math.random() < 0.5 ? 0 : Math.floor(Math.random() * 8) };
    const method = (["once", "again", "keyed", "told"] as const)[(caller + count) % 4] ?? "once";
    evidence.note("called", method, label);
    try {
      await client[method](work);
      evidence.note(method === "told" ? "sent" : "answered", method, label);
    } catch (error) {
      evidence.note("failed", method, label, RpcError.from(error).outcome);
    }
  }
}

function unsettled(): number {
  const group = broker.group(GROUP);
  return group instanceof OffsetGroup ? group.unsettled : Infinity;
}

console.log("ready");
if (!flags.includes("--drain")) {
  await Promise.all(Array.from({ length: CALLERS }, (_, caller) => callAgainAndAgain(caller)));
} else {
  while (unsettled() > 0) await new Promise((resolve) => setTimeout(resolve, 20));
  for (const { message } of broker.messages(DEAD_LETTERS)) {
    const { label }: Work = JSON.parse(new TextDecoder().decode(message.body));
    evidence.note("dead", message.tag, label, message.headers.get("rpc-dead"));
  }
  await system.close();
  broker.close();
}
