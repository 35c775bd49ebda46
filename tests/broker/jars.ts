import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";
import { BrokerUnavailable } from "./errors.ts";

/** The RocketMQ version of the tests. */
export const DEFAULT_VERSION = "5.5.0";
/** The older line that is tested too. It has no proxy. */
export const OLD_VERSION = "4.9.7";

const POM = new URL("./pom.xml", import.meta.url);
/** Git-ignored folder at the root of the repository. */
const CACHE = new URL("../../.broker/", import.meta.url);
const BUILD_CLASSPATH = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:build-classpath";
const MAVEN_TIMEOUT_MS = 10 * 60_000;

/** Whether that version is of the 4.x line, which has no proxy and wants its logging set up for it. */
export function isOldLine(version: string): boolean {
  return version.startsWith("4.");
}

/**
 * Class path, separated by colons, of name server, broker, proxy and Java client. Maven resolves it once; the
 * answer is kept until the pom changes or one of the jars is gone.
 *
 * @throws {BrokerUnavailable} when Java or Maven is missing, or Maven cannot get the jars
 */
export async function javaClassPath(
  version: string = DEFAULT_VERSION,
  signal?: AbortSignal,
): Promise<string> {
  await requireProgram("java", "-version", "a Java runtime (JDK 17 or newer)");
  const file = new URL(`classpath-${version}-${await hashOf(version)}.txt`, CACHE);
  const known = await Deno.readTextFile(file).catch(() => "");
  if (known !== "" && await allExist(known.split(":"))) return known;
  await requireProgram("mvn", "-v", "Apache Maven (3.6 or newer)");
  return await resolve(version, file, signal);
}

async function resolve(version: string, file: URL, signal: AbortSignal | undefined): Promise<string> {
  await Deno.mkdir(CACHE, { recursive: true });
  // Several test files may resolve at once: each writes a file of its own, the rename is atomic.
  const output = await Deno.makeTempFile({ dir: fileURLToPath(CACHE), prefix: "resolving-" });
  try {
    await runMaven(version, output, signal);
    const classPath = (await Deno.readTextFile(output)).trim();
    await Deno.writeTextFile(output, classPath);
    await Deno.rename(output, file);
    return classPath;
  } catch (error) {
    await Deno.remove(output).catch(() => {});
    throw error;
  }
}

async function runMaven(version: string, output: string, signal: AbortSignal | undefined): Promise<void> {
  const deadline = AbortSignal.timeout(MAVEN_TIMEOUT_MS);
  const { success, stdout, stderr } = await new Deno.Command("mvn", {
    args: [
      ...["--batch-mode", "--quiet", "-Dstyle.color=never", "--file", fileURLToPath(POM)],
      ...(isOldLine(version) ? [] : ["--activate-profiles", "proxy"]),
      ...[`-Drocketmq.version=${version}`, `-Dmdep.outputFile=${output}`, BUILD_CLASSPATH],
    ],
    stdin: "null",
    signal: signal === undefined ? deadline : AbortSignal.any([signal, deadline]),
  }).output();
  if (success) return;
  signal?.throwIfAborted();
  throw new BrokerUnavailable(
    `Maven could not get the jars of RocketMQ ${version}. It needs a network, or a local repository that has ` +
      `them; see also its settings.xml. It said:\n${errorOf(stdout, stderr)}`,
  );
}

/** The first line that says something; Maven writes errors to stdout, with colour codes even when told not to. */
function errorOf(...outputs: readonly Uint8Array[]): string {
  const text = outputs.map((bytes) => stripVTControlCharacters(new TextDecoder().decode(bytes))).join("\n");
  return text.split("\n").find((line) => line.includes("[ERROR]")) ?? text.trim();
}

async function requireProgram(program: string, versionFlag: string, what: string): Promise<void> {
  try {
    const { success } = await new Deno.Command(program, {
      args: [versionFlag],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).output();
    if (success) return;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  throw new BrokerUnavailable(
    `cannot start RocketMQ: \`${program}\` does not run here. Install ${what}. Tests that only use a broker also ` +
      `take one in Docker, or one named by ROCKET_ACTORS_NAME_SERVER=host:port.`,
  );
}

async function hashOf(version: string): Promise<string> {
  const text = `${version}\n${await Deno.readTextFile(POM)}`;
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return new Uint8Array(digest).toHex().slice(0, 12);
}

async function allExist(files: readonly string[]): Promise<boolean> {
  const found = await Promise.all(files.map((file) => Deno.stat(file).then(() => true, () => false)));
  return found.every(Boolean);
}
