import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { DEFAULT_VERSION, javaClassPath } from "../broker/launcher.ts";
import { built, compileWith } from "./built.ts";
import { Program } from "./program.ts";

const SOURCES = new URL("./java/", import.meta.url);

/** The programs of the folder `java`. */
export type JavaProgram =
  | "Requester"
  | "Responder"
  | "Consumer"
  | "Compressing"
  | "Admin"
  | "BenchRequester"
  | "BenchResponder"
  | "GoldenFrames";

/** How to start one. */
export interface JavaOptions {
  /** Kills the program when aborted. */
  readonly signal?: AbortSignal;
  /** Version of the Java client; default as the broker's. */
  readonly version?: string;
  /** Files for the program's home, by path: `conf/tools.yml` holds the credentials of the admin tools. */
  readonly home?: Readonly<Record<string, string>>;
}

/**
 * Starts a Java peer, which uses the official client. Its first start compiles it. A responder
 * ends when this process does.
 *
 * @throws {BrokerUnavailable} when Java, Maven or the jars are missing
 */
export async function startJava(
  program: JavaProgram,
  args: readonly string[],
  options: JavaOptions = {},
): Promise<Program> {
  const version = options.version ?? DEFAULT_VERSION;
  const classPath = await javaClassPath(version, options.signal);
  const classes = await compiled(program, version, classPath);
  // The client logs to this home, so that stdout carries the program's own lines only.
  const home = await Deno.makeTempDir({ prefix: "rocket-actors-java-" });
  for (const [path, text] of Object.entries(options.home ?? {})) {
    await Deno.mkdir(dirname(`${home}/${path}`), { recursive: true });
    await Deno.writeTextFile(`${home}/${path}`, text);
  }
  return new Program({
    name: `${program}.java`,
    command: "java",
    args: [
      // Lines are UTF-8, whatever the machine's locale says: the first is Java 17's word for it, the second 19's.
      ...[`-Duser.home=${home}`, "-Dfile.encoding=UTF-8", "-Dstdout.encoding=UTF-8"],
      ...[`-Drocketmq.home.dir=${home}`, "-Xmx512m", "-XX:-UsePerfData", "-cp", `${classes}:${classPath}`],
      ...[program, ...args],
    ],
    home,
    signal: options.signal,
  });
}

/** Only what the program is made of: others may need another version's classes. */
async function compiled(program: JavaProgram, version: string, classPath: string): Promise<string> {
  const folder = fileURLToPath(SOURCES);
  const source = ["-sourcepath", folder, "-implicit:class", `${folder}${program}.java`];
  return await built({
    name: `java-${version}-${program}`,
    sources: SOURCES,
    dependsOn: classPath,
    compile: (into) =>
      compileWith("javac", ["-proc:none", "-encoding", "UTF-8", "-cp", classPath, "-d", into, ...source], {
        needs: "a JDK (17 or newer)",
      }),
  });
}
