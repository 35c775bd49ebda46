import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

const ROOT = new URL("../../", import.meta.url);
const PROGRAMS = [
  "examples/01_call.ts",
  "examples/transport.ts",
  "examples/dead_letters.ts",
  "tests/runtimes/programs/entries.ts",
];
const LIMIT_MS = 240_000;

/** The oldest Node that everything runs on, and what else comes from npm. */
const NODE = "22.13.0";
const BUN = "1.4.5";
const TYPESCRIPT = "5.9.3";
const NODE_TYPES = "22.20.5";
const COMPILER = "node_modules/typescript/bin/tsc";

/** What a consumer has to set: nothing newer than Node 22, whose `using` the compiler writes in older words. */
const OPTIONS = {
  strict: true,
  target: "es2022",
  lib: ["es2024", "esnext.disposable"],
  module: "nodenext",
  types: ["node"],
};
const PROGRAM_OPTIONS = {
  ...OPTIONS,
  skipLibCheck: false,
  rewriteRelativeImportExtensions: true,
  rootDir: "sources",
  outDir: "built",
};
/** No package.json says here that the sources are modules. */
const LIBRARY_OPTIONS = {
  ...OPTIONS,
  module: "esnext",
  moduleResolution: "bundler",
  skipLibCheck: true,
  allowImportingTsExtensions: true,
  noEmit: true,
};

/** Names, properties and exports that are not there; what else depends on how packages declare their types. */
const NOT_THERE = /: error TS(?:2304|2305|2339|2550|2551|2552|2583|2584|2585|2694|2724):/;

/** A project of npm that has the packed library, as `rocket-actors`, and programs compiled by TypeScript. */
export class Consumer implements AsyncDisposable {
  readonly #root: string;

  private constructor(root: string) {
    this.#root = root;
  }

  /** Packs, installs and compiles. */
  static async create(): Promise<Consumer> {
    const consumer = new Consumer(await Deno.makeTempDir({ prefix: "rocket-actors-packed-" }));
    try {
      await consumer.#pack();
      await consumer.#install();
      await consumer.#compile();
    } catch (error) {
      await consumer[Symbol.asyncDispose]();
      throw error;
    }
    return consumer;
  }

  /** The folder of the packed library. */
  get library(): string {
    return `${this.#root}/node_modules/rocket-actors`;
  }

  /** Runs a compiled program by a runtime, and returns what it wrote. Fails unless it ends well. */
  run(runtime: "node" | "bun", program: string, ...args: readonly string[]): Promise<string> {
    return this.#run(this.#executable(runtime), [`built/${program}`, ...args]);
  }

  /** What the compiler misses for the library's sources where there is only what Node 22 has: one line each. */
  async missing(): Promise<readonly string[]> {
    const modules = `${this.#root}/node_modules`;
    const packages = await packagesOfLibrary();
    const compilerOptions = {
      ...LIBRARY_OPTIONS,
      baseUrl: modules,
      typeRoots: [`${modules}/@types`],
      paths: Object.fromEntries(packages.map((specifier) => [specifier, [installed(specifier)]])),
    };
    const include = ["mod.ts", "src/**/*.ts", "actors/**/*.ts", "testing/**/*.ts"]
      .map((path) => fileURLToPath(ROOT) + path);
    await Deno.writeTextFile(`${this.#root}/library.json`, JSON.stringify({ compilerOptions, include }));
    const { out } = await this.#output(this.#executable("node"), [COMPILER, "-p", "library.json"]);
    return out.split("\n").filter((line) => NOT_THERE.test(line));
  }

  async #pack(): Promise<void> {
    const tarball = `${this.#root}/rocket-actors.tgz`;
    await this.#run(Deno.execPath(), ["task", "pack", "--allow-dirty", "-o", tarball], fileURLToPath(ROOT));
  }

  async #install(): Promise<void> {
    await Deno.writeTextFile(`${this.#root}/package.json`, '{ "type": "module", "private": true }');
    await this.#run("npm", [
      ...["install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"],
      "rocket-actors@file:rocket-actors.tgz",
      `typescript@${TYPESCRIPT}`,
      `@types/node@${NODE_TYPES}`,
      `${packageOf("node")}@${NODE}`,
      `${packageOf("bun")}@${BUN}`,
    ]);
  }

  async #compile(): Promise<void> {
    await Deno.mkdir(`${this.#root}/sources`);
    for (const path of PROGRAMS) {
      const name = path.slice(path.lastIndexOf("/") + 1);
      await Deno.copyFile(new URL(path, ROOT), `${this.#root}/sources/${name}`);
    }
    const config = { compilerOptions: PROGRAM_OPTIONS, include: ["sources/*.ts"] };
    await Deno.writeTextFile(`${this.#root}/tsconfig.json`, JSON.stringify(config));
    await this.#run(this.#executable("node"), [COMPILER]);
  }

  #executable(runtime: "node" | "bun"): string {
    return `${this.#root}/node_modules/${packageOf(runtime)}/bin/${runtime}`;
  }

  async #run(program: string, args: readonly string[], cwd = this.#root): Promise<string> {
    const { success, out, err } = await this.#output(program, args, cwd);
    assert.ok(success, `${program} ${args.join(" ")} failed:\n${err}\n${out}`);
    return out.trimEnd();
  }

  async #output(
    program: string,
    args: readonly string[],
    cwd = this.#root,
  ): Promise<{ readonly success: boolean; readonly out: string; readonly err: string }> {
    const { success, stdout, stderr } = await new Deno.Command(program, {
      args: [...args],
      cwd,
      env: { NO_COLOR: "1", npm_config_update_notifier: "false" },
      stdin: "null",
      signal: AbortSignal.timeout(LIMIT_MS),
    }).output();
    const [out = "", err = ""] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
    return { success, out, err };
  }

  /** Removes it. */
  [Symbol.asyncDispose](): Promise<void> {
    return Deno.remove(this.#root, { recursive: true });
  }
}

/** What the library imports from npm, as it says so. */
async function packagesOfLibrary(): Promise<string[]> {
  const specifiers = new Set<string>();
  const folder = new URL("src/deps/", ROOT);
  for await (const { name } of Deno.readDir(folder)) {
    const source = await Deno.readTextFile(new URL(name, folder));
    for (const [, specifier = ""] of source.matchAll(/from "(npm:[^"]+)"/g)) specifiers.add(specifier);
  }
  return [...specifiers];
}

/** `npm:@a/b@1.2.3/c.js` as a path in `node_modules`. */
function installed(specifier: string): string {
  return specifier.replace(/^npm:/, "").replace(/(.)@[^@/]+/, "$1");
}

/** Packages that hold one program for one kind of machine: npm runs no script to install them. */
function packageOf(runtime: "node" | "bun"): string {
  const { os, arch } = Deno.build;
  if (runtime === "node") return `node-${os}-${arch === "aarch64" ? "arm64" : "x64"}`;
  // The one for older processors too.
  return arch === "aarch64" ? `@oven/bun-${os}-aarch64` : `@oven/bun-${os}-x64-baseline`;
}
