import { makeTopic } from "../../tests/interop/class_topic.ts";
import type { Program } from "../../tests/interop/program.ts";
import { expectLine, type Pair, PATIENCE_MS } from "../broker/pair.ts";
import { denoProgram } from "../broker/peers/peer.ts";
import type { RocketMq } from "../broker/servers/servers.ts";
import type { Kind } from "./kind.ts";

/** A thousand services take their time. Milliseconds. */
const START_MS = 15 * 60_000;

/** What is to be measured. */
export interface StageOptions {
  /** A name that nobody has used. */
  readonly contract: string;
  readonly kind: Kind;
  /** How many services or keys there are. */
  readonly size: number;
  /** Responders, each in a process of its own. */
  readonly instances: number;
  /** Queues that its topic is made with beforehand; absent: as it is made by itself. */
  readonly queues?: number;
}

/** A requester and its responders at one size, until it is disposed. */
export interface Stage extends AsyncDisposable {
  readonly pair: Pair;
  /** From the first responder's start until all of them serve, in milliseconds. */
  readonly startUpMs: number;
  /** Starts one more requester. */
  requester(kind: Kind): Promise<Program>;
}

/** Starts one. */
export async function startStage(
  { nameServer, pids }: RocketMq,
  { contract, kind, size, instances, queues }: StageOptions,
): Promise<Stage> {
  await using stack = new AsyncDisposableStack();
  if (queues !== undefined) await makeTopic(nameServer, contract, queues);
  const start = async (file: string, kind: Kind): Promise<Program> => {
    const args = [nameServer, contract, kind, String(size)];
    const program = stack.use(denoProgram(file, import.meta.url, args));
    await expectLine(program, "ready", START_MS);
    return program;
  };
  const begin = performance.now();
  const responders = await Promise.all(
    Array.from({ length: instances }, () => start("./growth_responder.ts", kind)),
  );
  const startUpMs = performance.now() - begin;
  const requester = await start("./growth_requester.ts", kind);
  const all = stack.move();
  return {
    pair: { requester, responders, serverPids: pids },
    startUpMs,
    requester: async (kind) => {
      const args = [nameServer, contract, kind, "1"];
      const program = all.use(denoProgram("./growth_requester.ts", import.meta.url, args));
      await expectLine(program, "ready", PATIENCE_MS);
      return program;
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}
