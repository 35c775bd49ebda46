import { fileURLToPath } from "node:url";
import { DEFAULT_VERSION, javaClassPath } from "../broker/launcher.ts";
import { Program } from "./program.ts";

/** The programs of the folder `java`. */
export type JavaProgram = "Requester" | "Responder" | "BenchRequester" | "BenchResponder" | "GoldenFrames";

/** How to start one. */
export interface JavaOptions {
  /** Kills the program when aborted. */
  readonly signal?: AbortSignal;
  /** Version of the Java client; default as the broker's. */
  readonly version?: string;
}

/**
 * Starts a Java peer, which uses the official client. It compiles itself first: its first line takes some seconds.
 * A responder ends when this process does.
 *
 * @throws {BrokerUnavailable} when Java, Maven or the jars are missing
 */
export async function startJava(
  program: JavaProgram,
  args: readonly string[],
  options: JavaOptions = {},
): Promise<Program> {
  const classPath = await javaClassPath(options.version ?? DEFAULT_VERSION, options.signal);
  // The client logs to this home, so that stdout carries the program's own lines only.
  const home = await Deno.makeTempDir({ prefix: "rocket-actors-java-" });
  return new Program({
    name: `${program}.java`,
    command: "java",
    args: [
      // Lines are UTF-8, whatever the machine's locale says: the first is Java 17's word for it, the second 19's.
      ...[`-Duser.home=${home}`, "-Dfile.encoding=UTF-8", "-Dstdout.encoding=UTF-8"],
      ...["-Xmx512m", "-XX:-UsePerfData", "-cp", classPath],
      ...[fileURLToPath(new URL(`./java/${program}.java`, import.meta.url)), ...args],
    ],
    home,
    signal: options.signal,
  });
}
