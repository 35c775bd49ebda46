/**
 * A process that serves the contracts of a round, to be killed:
 *
 *     deno run -A tests/kill/callee.ts <name server> <contract> <directory> [--no-packing] [--store] [--no-keys]
 *       [--endpoint <proxy>]
 *
 * What its handlers do is in the round's journal before they go on; their effects are in the round's database. The end
 * of stdin, or SIGTERM, drains it.
 */
// deno-lint-ignore-file no-console -- stdout is how the test talks to it
import { createSystem, type HandlerContext, RpcError } from "rocket-actors";
import { sqliteStore } from "rocket-actors/store/sqlite";
import { HARMLESS, LABEL, type Work, workAccount, workService } from "./contract.ts";
import { Effects } from "./effects.ts";
import { type Ended, Journal } from "./journal.ts";
import { logTo } from "./log.ts";
import { EFFECTS_FILE, JOURNAL_FILE, OUTCOMES_FILE } from "./files.ts";
import { connect } from "./transports.ts";

const [nameServers = "", contract = "", directory = "", ...flags] = Deno.args;
const { pid } = Deno;
await logTo(`${directory}/callee-${pid}.log`);
using journal = new Journal(`${directory}/${JOURNAL_FILE}`);
using effects = new Effects(`${directory}/${EFFECTS_FILE}`);

function handler(method: string): (work: Work, context: HandlerContext) => Promise<string> {
  return async ({ piece, key, ms, end }, { attempt, callId, idempotencyKey, signal, headers }) => {
    const label = headers.get(LABEL) ?? "";
    const atMs = Date.now();
    journal.write({ is: "began", pid, atMs, method, label, key, callId, idempotencyKey, attempt });
    const ended = (how: Ended["how"]) => journal.write({ is: "ended", pid, method, label, key, how });
    if (ms > 0) await pause(ms, signal);
    if (signal.aborted) {
      ended("aborted");
      throw signal.reason;
    }
    if (end === "crash" && attempt === 1) {
      ended("crash");
      throw new Error("Crashed as it was told to");
    }
    if (end === "decline") {
      ended("decline");
      throw new RpcError("not_found", "Declined as it was told to");
    }
    if (!HARMLESS.has(method)) effects.apply(idempotencyKey, piece);
    ended("answer");
    return piece;
  };
}

function noting(method: string): (work: Work, context: HandlerContext) => Promise<void> {
  const handle = handler(method);
  return async (work, context) => void await handle(work, context);
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end);
  });
}

const store = flags.includes("--store") ? sqliteStore(`${directory}/${OUTCOMES_FILE}`) : undefined;
const system = await createSystem({ name: "callee", transport: connect(nameServers, flags) });
await system.serve(workService(contract, !flags.includes("--no-keys")), {
  safe: handler("safe"),
  idempotent: handler("idempotent"),
  once: handler("once"),
  keyed: handler("keyed"),
  keyedOnce: handler("keyedOnce"),
  note: noting("note"),
  keyedNote: noting("keyedNote"),
}, { store });
if (!flags.includes("--endpoint")) {
  await system.serve(workAccount(contract, !flags.includes("--no-packing")), () => ({
    look: handler("look"),
    deposit: handler("deposit"),
  }), { store });
}

let stopping = false;
async function stop(): Promise<void> {
  if (stopping) return;
  stopping = true;
  await system[Symbol.asyncDispose]();
  await store?.[Symbol.asyncDispose]();
  Deno.exit(0);
}
Deno.addSignalListener("SIGTERM", () => void stop());

console.log("ready");
for await (const _ of Deno.stdin.readable);
await stop();
