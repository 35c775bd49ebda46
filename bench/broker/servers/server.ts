import { JvmProcess } from "../../../tests/broker/process.ts";
import { waitUntil } from "../../../tests/broker/wait.ts";

const START_MS = 60_000;

/** A server that another project made, in a process and a folder of its own. */
export interface Server extends AsyncDisposable {
  readonly pids: readonly number[];
}

/** How to start one. */
export interface ServerStart {
  readonly name: string;
  readonly program: string;
  /** Its arguments, by its folder. */
  readonly args: (folder: string) => readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Whether it serves. */
  readonly check: () => Promise<boolean>;
}

/**
 * Starts a server and waits until it serves. It does not outlive this process.
 *
 * @throws {ClusterFailed} when it ends early or does not serve in time, with the end of its log
 */
export async function startServer({ name, program, args, env, check }: ServerStart): Promise<Server> {
  const folder = await Deno.makeTempDir({ prefix: `rocket-actors-${name}-` });
  const logFile = `${folder}/output.log`;
  const process = new JvmProcess({ name, program, args: args(folder), logFile, ...(env && { env }) });
  const stop = async () => {
    await process.kill();
    await Deno.remove(folder, { recursive: true });
  };
  try {
    const deadlineMs = performance.now() + START_MS;
    await waitUntil(`${name} to serve`, check, { deadlineMs, processes: [process], signal: undefined });
  } catch (error) {
    await stop();
    throw error;
  }
  return { pids: [process.pid], [Symbol.asyncDispose]: stop };
}

/** Whether a URL answers with success. */
export async function answersHttp(url: string): Promise<boolean> {
  try {
    const response = await fetch(url);
    await response.body?.cancel();
    return response.ok;
  } catch (error) {
    // Nobody listens so far.
    if (error instanceof TypeError) return false;
    throw error;
  }
}
