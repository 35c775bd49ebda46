/**
 * Writes the TypeScript module of a contract: `rocket-actors/protobuf/cli`, on Deno, Node or Bun.
 *
 *     deno run -R -W src/protobuf/cli.ts --root protos --out payments.ts bank/payments.proto
 *
 * @module
 */
import { realpathSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { generateContract } from "./generate_contract.ts";
import { OPTIONS_PROTO } from "./bundled.ts";
import { readProtoFiles } from "./read_proto_files.ts";

const USAGE = `Writes the TypeScript module of a contract out of a service in .proto files.

  [options] FILE…       files relative to a root; what they import is found there too

  --root FOLDER         where imports are relative to; may be repeated; default: the working directory
  --service NAME        which service, with its package; default: the only one
  --out FILE            where it is written; default: the standard output
  --check               writes nothing, fails unless FILE of --out is up to date
  --library SPECIFIER   where the module imports the library from; default: rocket-actors/protobuf
  --options             prints rocket_actors/options.proto, for compilers of other languages
  --help                prints this
`;

/** What a run of the program says and answers. */
export interface CliResult {
  /** 0: done; 1: not up to date; 2: something is wrong with the arguments or the files. */
  readonly code: 0 | 1 | 2;
  /** For the standard output. */
  readonly out: string;
  /** For the standard error. */
  readonly err: string;
}

/**
 * Runs the program.
 *
 * @param args as on a command line, without the program's name
 * @param library what is imported unless `--library` says otherwise
 */
export async function runCli(
  args: readonly string[],
  library = "rocket-actors/protobuf",
): Promise<CliResult> {
  try {
    return await run(args, library);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { code: 2, out: "", err: `${message}\n` };
  }
}

async function run(args: readonly string[], library: string): Promise<CliResult> {
  const { values, positionals } = parseArgs({
    // Of `deno task proto:types -- FILE`, which passes it on.
    args: args[0] === "--" ? args.slice(1) : [...args],
    allowPositionals: true,
    options: {
      root: { type: "string", multiple: true },
      service: { type: "string" },
      out: { type: "string" },
      check: { type: "boolean" },
      library: { type: "string" },
      options: { type: "boolean" },
      help: { type: "boolean" },
    },
  });
  if (values.help) return { code: 0, out: USAGE, err: "" };
  if (values.options) return { code: 0, out: OPTIONS_PROTO, err: "" };
  if (positionals.length === 0) return { code: 2, out: "", err: USAGE };
  if (values.check && values.out === undefined) {
    throw new TypeError("Cannot check: say which file with --out");
  }
  const files = await readProtoFiles(positionals, { roots: values.root });
  const text = generateContract(files, { service: values.service, library: values.library ?? library });
  if (values.out === undefined) return { code: 0, out: text, err: "" };
  if (values.check) return await check(values.out, text);
  await writeFile(values.out, text);
  return { code: 0, out: "", err: "" };
}

async function check(file: string, text: string): Promise<CliResult> {
  if (await readFile(file, "utf8") === text) return { code: 0, out: "", err: "" };
  return { code: 1, out: "", err: `${file} is not up to date: run this again without --check\n` };
}

/** Run from a URL, the module that it writes imports from there too. */
function ownLibrary(url: string): string | undefined {
  return /^https?:/.test(url) ? new URL("mod.ts", url).href : undefined;
}

/** Whether it was started, not imported; Node before 24 does not say so itself. */
function isMain(): boolean {
  const main: unknown = Reflect.get(import.meta, "main");
  if (typeof main === "boolean") return main;
  const [, script] = process.argv;
  return script !== undefined && pathToFileURL(realpathSync(script)).href === import.meta.url;
}

if (isMain()) {
  const { code, out, err } = await runCli(process.argv.slice(2), ownLibrary(import.meta.url));
  process.stdout.write(out);
  process.stderr.write(err);
  process.exitCode = code;
}
