import { fileURLToPath } from "node:url";
import { ClusterFailed } from "./errors.ts";
import { answersHttp2, brokersInRoute } from "./probe.ts";
import { waitUntil } from "./wait.ts";

const COMPOSE_FILE = fileURLToPath(new URL("./compose.yaml", import.meta.url));
const NAME_SERVER = "127.0.0.1:9876";
const PROXY = "127.0.0.1:8081";
const DETECT_TIMEOUT_MS = 3_000;
/** The first start downloads the image. */
const UP_TIMEOUT_MS = 10 * 60_000;
const READY_TIMEOUT_MS = 90_000;

/** A broker in containers, and how to take it down. */
export interface DockerBroker extends AsyncDisposable {
  readonly nameServer: string;
  readonly proxy: string;
}

/** Whether there is a Docker daemon with compose; answers within three seconds. */
export async function hasDocker(): Promise<boolean> {
  const commands = [["version", "--format", "{{.Server.Version}}"], ["compose", "version"]];
  const answers = await Promise.all(
    commands.map((args) => docker(args, AbortSignal.timeout(DETECT_TIMEOUT_MS))),
  );
  return answers.every(({ success }) => success);
}

/**
 * Starts the containers of compose.yaml and waits until broker and proxy answer. Containers that ran before stay
 * up when the result is disposed; others are removed with all they stored.
 *
 * @throws {ClusterFailed} when they do not start or do not answer in time
 */
export async function startDocker(signal?: AbortSignal): Promise<DockerBroker> {
  const ranBefore = (await compose(["ps", "--quiet"], signal)).output.trim() !== "";
  const dispose = async () => {
    if (!ranBefore) await compose(["down", "--volumes", "--timeout", "1"], undefined);
  };
  try {
    const up = await compose(["up", "--detach", "--wait"], signal);
    if (!up.success) throw new ClusterFailed(`docker compose up failed:\n${up.output}`);
    const on = { deadlineMs: performance.now() + READY_TIMEOUT_MS, processes: [], signal };
    await waitUntil("the broker in Docker to be in the route", hasRoute, on);
    await waitUntil("the proxy in Docker to answer", () => answersHttp2(PROXY), on);
  } catch (error) {
    await dispose();
    throw error;
  }
  return { nameServer: NAME_SERVER, proxy: PROXY, [Symbol.asyncDispose]: dispose };
}

async function hasRoute(): Promise<boolean> {
  return (await brokersInRoute(NAME_SERVER, "DefaultCluster_REPLY_TOPIC")).length > 0;
}

function compose(args: readonly string[], signal: AbortSignal | undefined): Promise<DockerAnswer> {
  const deadline = AbortSignal.timeout(UP_TIMEOUT_MS);
  return docker(
    ["compose", "--file", COMPOSE_FILE, ...args],
    signal === undefined ? deadline : AbortSignal.any([signal, deadline]),
  );
}

interface DockerAnswer {
  readonly success: boolean;
  readonly output: string;
}

async function docker(args: string[], signal: AbortSignal): Promise<DockerAnswer> {
  try {
    const { success, stdout, stderr } = await new Deno.Command("docker", { args, stdin: "null", signal })
      .output();
    const decoder = new TextDecoder();
    return { success, output: decoder.decode(stdout) + decoder.decode(stderr) };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return { success: false, output: "docker is not installed" };
    throw error;
  }
}
