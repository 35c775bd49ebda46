import { fileURLToPath } from "node:url";
import { Program } from "../../../tests/interop/program.ts";
import { expectLine, type Pair, PATIENCE_MS } from "../pair.ts";
import type { Servers } from "../servers/servers.ts";

/** Something that answers calls, measured as everything else is. */
export interface Peer {
  /** What it is, with the settings that matter, for the report. */
  readonly what: string;
  /**
   * Starts its requester and responder, and its server where that does not run yet.
   *
   * @param name fresh for each run: topic, contract, subject
   * @throws {BrokerUnavailable} when it cannot be installed here; the message says what is missing
   */
  start(servers: Servers, name: string): Promise<Pair>;
}

/** How to start a pair. */
export interface PairStart {
  readonly responder: () => Program | Promise<Program>;
  /** Started when the responder serves. */
  readonly requester: () => Program | Promise<Program>;
  readonly serverPids: readonly number[];
}

/** Starts a responder, and its requester once that serves. */
export async function startPair({ responder, requester, serverPids }: PairStart): Promise<Pair> {
  await using stack = new AsyncDisposableStack();
  const serving = stack.use(await responder());
  await expectLine(serving, "ready", PATIENCE_MS);
  const asking = stack.use(await requester());
  await expectLine(asking, "ready", PATIENCE_MS);
  stack.move();
  return { requester: asking, responders: [serving], serverPids };
}

/**
 * Starts a program of the benches in Deno.
 *
 * @param file beside `base`
 * @param base the module that asks: `import.meta.url`
 */
export function denoProgram(file: string, base: string, args: readonly string[]): Program {
  const path = fileURLToPath(new URL(file, base));
  return new Program({ name: file, command: Deno.execPath(), args: ["run", "-A", path, ...args] });
}
