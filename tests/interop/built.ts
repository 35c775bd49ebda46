import { fileURLToPath } from "node:url";
import { BrokerUnavailable } from "../broker/launcher.ts";

/** Git-ignored folder at the root of the repository. */
const CACHE = new URL("../../.broker/", import.meta.url);
const BUILD_TIMEOUT_MS = 5 * 60_000;

/** What is compiled. */
export interface Build {
  /** Begins the name of the folder that the result goes to. */
  readonly name: string;
  /** Folder of the sources; its subfolders are no part of them. None for what a registry has. */
  readonly sources?: URL;
  /** What else the result depends on: versions, class paths. */
  readonly dependsOn: string;
  /** Compiles into that folder. */
  compile(into: string): Promise<void>;
}

/** Where the compiled programs are. They are compiled once, and again when a source changes. */
export async function built(build: Build): Promise<string> {
  const folder = fileURLToPath(new URL(`${build.name}-${await hashOf(build)}`, CACHE));
  if (await Deno.stat(folder).then(() => true, () => false)) return folder;
  await Deno.mkdir(CACHE, { recursive: true });
  // Several test files may compile at once: each into a folder of its own, the rename is atomic.
  const temporary = await Deno.makeTempDir({ dir: fileURLToPath(CACHE), prefix: "building-" });
  try {
    await build.compile(temporary);
    await Deno.rename(temporary, folder);
  } catch (error) {
    await Deno.remove(temporary, { recursive: true }).catch(() => {});
    if (!await Deno.stat(folder).then(() => true, () => false)) throw error;
  }
  return folder;
}

/**
 * Runs a compiler.
 *
 * @param needs what to install where there is none
 * @throws {BrokerUnavailable} when it is missing
 */
export async function compileWith(
  command: string,
  args: readonly string[],
  options: { readonly needs: string; readonly cwd?: URL },
): Promise<void> {
  const { needs, cwd } = options;
  let output: Deno.CommandOutput;
  try {
    output = await new Deno.Command(command, {
      args: [...args],
      ...(cwd === undefined ? {} : { cwd }),
      stdin: "null",
      signal: AbortSignal.timeout(BUILD_TIMEOUT_MS),
    }).output();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new BrokerUnavailable(`\`${command}\` does not run here. Install ${needs}.`);
  }
  if (output.success) return;
  throw new Error(`${command} failed:\n${new TextDecoder().decode(output.stderr)}`);
}

async function hashOf({ sources, dependsOn }: Build): Promise<string> {
  const texts = [dependsOn];
  for await (const { name, isFile } of sources === undefined ? [] : Deno.readDir(sources)) {
    if (isFile) texts.push(`${name}\n${await Deno.readTextFile(new URL(name, sources))}`);
  }
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(texts.sort().join("\0")));
  return new Uint8Array(digest).toHex().slice(0, 12);
}
