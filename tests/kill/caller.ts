/**
 * A process that makes calls of all kinds, to be killed:
 *
 *     deno run -A tests/kill/caller.ts <name server> <contract> <directory> <seed> <workers> [--no-packing]
 *       [--no-keys] [--endpoint <proxy>]
 *
 * Each call is in the round's journal before it is made, and when it is settled. A line on stdin ends the load: when all
 * calls are settled, `done` is said.
 */
// deno-lint-ignore-file no-console -- stdout is how the test talks to it
import { type CallOptions, createClient, RpcError } from "rocket-actors";
import { LABEL, ONCE, ONEWAY, type Work, workAccount, workService } from "./contract.ts";
import { JOURNAL_FILE } from "./files.ts";
import { Journal } from "./journal.ts";
import { logTo } from "./log.ts";
import { Draw } from "./random.ts";
import { connect } from "./transports.ts";

/** Longer than any outage of a round: what is in time is answered. Milliseconds. */
const TIMEOUT_MS = 60_000;
const REFUSED_PAUSE_MS = 20;
const KEYS = ["a", "b", "c", "d", "e", "f", "g", "h"] as const;
/** As often as they shall be drawn. */
const METHODS = [
  ...["safe", "idempotent", "idempotent", "once", "once", "keyed", "keyed", "keyedOnce", "keyedOnce"],
  ...["note", "keyedNote", "look", "deposit", "deposit"],
] as const;
/** How often a piece of work is tried whose fate its caller does not know. */
const TRIES = 3;

const [nameServers = "", contract = "", directory = "", seed = "", workers = "", ...flags] = Deno.args;
const { pid } = Deno;
await logTo(`${directory}/caller-${pid}.log`);
using journal = new Journal(`${directory}/${JOURNAL_FILE}`);
const draw = new Draw(Number(seed));
const caller = await createClient({ transport: connect(nameServers, flags) });
const service = caller.client(workService(contract, !flags.includes("--no-keys")), { timeoutMs: TIMEOUT_MS });
const account = caller.client(workAccount(contract, !flags.includes("--no-packing")), {
  timeoutMs: TIMEOUT_MS,
});
/** No instance owns a key by gRPC, and where a topic keeps no order, no method has one. */
const methods = METHODS.filter((method) =>
  (!flags.includes("--endpoint") || (method !== "look" && method !== "deposit")) &&
  (!flags.includes("--no-keys") || !method.startsWith("keyed"))
);
let made = 0;
let stopped = false;

function send(method: string, work: Work, options: CallOptions): Promise<unknown> {
  switch (method) {
    case "look":
    case "deposit":
      return account.at(work.key)[method](work, options);
    case "safe":
    case "idempotent":
    case "once":
    case "keyed":
    case "keyedOnce":
    case "note":
    case "keyedNote":
      return service[method](work, options);
    default:
      throw new TypeError(`There is no method "${method}"`);
  }
}

/** What is called for, as often as its fate is unknown. */
interface Piece {
  readonly method: string;
  readonly work: Work;
  readonly timeoutMs: number | undefined;
  readonly idempotencyKey: string | undefined;
  /** After how many milliseconds its caller gives it up. */
  readonly givenUpMs: number | undefined;
}

function drawPiece(): Piece {
  const piece = `${pid}-${made++}`;
  const method = draw.one(methods);
  const ms = draw.chance(0.6) ? 0 : draw.chance(0.9) ? draw.between(1, 20) : draw.between(20, 100);
  const end = draw.chance(0.95) ? "answer" : draw.chance(0.7) ? "decline" : "crash";
  const oneway = ONEWAY.has(method);
  return {
    method,
    work: { piece, key: draw.one(KEYS), ms, end },
    timeoutMs: draw.chance(0.03) && !oneway ? Math.round(draw.between(5, 100)) : undefined,
    idempotencyKey: ONCE.has(method) || draw.chance(0.5) ? piece : undefined,
    givenUpMs: draw.chance(0.04) && !oneway ? draw.between(0, 40) : undefined,
  };
}

/** One call. Returns what it failed with. */
async function call({ method, work, ...piece }: Piece, label: string): Promise<RpcError | undefined> {
  const { timeoutMs, idempotencyKey, givenUpMs } = piece;
  const limitMs = timeoutMs ?? (ONEWAY.has(method) ? undefined : TIMEOUT_MS);
  const what = { method, label, piece: work.piece, key: work.key };
  journal.write({ is: "called", pid, atMs: Date.now(), ...what, timeoutMs: limitMs, idempotencyKey });
  const given = givenUpMs === undefined ? undefined : new AbortController();
  const timer = given && setTimeout(() => given.abort(), givenUpMs);
  const options = { timeoutMs, idempotencyKey, signal: given?.signal, headers: { [LABEL]: label } };
  let error: RpcError | undefined;
  try {
    const answer = await send(method, work, options);
    if (!ONEWAY.has(method) && answer !== work.piece) {
      throw new Error(`It was answered ${JSON.stringify(answer)}`);
    }
  } catch (failure) {
    error = RpcError.from(failure);
  }
  clearTimeout(timer);
  const { code, outcome, message, callId } = error ??
    { code: "ok", outcome: "", message: "", callId: undefined };
  journal.write({ is: "settled", pid, atMs: Date.now(), label, code, outcome, callId, message });
  return error;
}

/** A piece of work: under a key of its own it is called for again where its fate is unknown. */
async function perform(piece: Piece): Promise<void> {
  const tries = piece.idempotencyKey === undefined ? 1 : TRIES;
  for (let attempt = 1; attempt <= tries; attempt++) {
    const error = await call(piece, `${piece.work.piece}.${attempt}`);
    // A broker that is down refuses at once: callers in the field would not spin either.
    if (error?.outcome === "not_sent") await pause(REFUSED_PAUSE_MS);
    if (error?.outcome !== "sent_unknown" || stopped) return;
  }
}

async function worker(): Promise<void> {
  while (!stopped) {
    await perform(drawPiece());
    await pause(draw.between(0, 20));
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

console.log("ready");
const load = Promise.all(Array.from({ length: Number(workers) }, worker));
for await (const _ of Deno.stdin.readable) break;
stopped = true;
await load;
await caller.close();
console.log("done");
