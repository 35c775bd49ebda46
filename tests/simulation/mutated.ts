import assert from "node:assert/strict";
import type { Mutation } from "./mutations.ts";

const ROOT = new URL("../../", import.meta.url);
/** What the simulation consists of. */
const PARTS = ["src", "actors", "testing", "tests/simulation", "deno.json", "import_map.json", "deno.lock"];

/** A copy of the sources that bugs are planted in, one at a time: what is the same in all of them is compiled once. */
export class MutatedSources implements AsyncDisposable {
  readonly #root: string;

  private constructor(root: string) {
    this.#root = root;
  }

  static async create(): Promise<MutatedSources> {
    const root = await Deno.makeTempDir({ prefix: "rocket-actors-mutated-" });
    for (const part of PARTS) await copy(new URL(part, ROOT), `${root}/${part}`);
    return new MutatedSources(root);
  }

  /** Plants a bug, and plays seeds until one fails. Returns whether one did, and what was printed. */
  async play(
    mutation: Mutation,
    seeds: number,
  ): Promise<{ readonly caught: boolean; readonly text: string }> {
    const { file, find, replace, from } = mutation;
    const source = await Deno.readTextFile(new URL(file, ROOT));
    assert.equal(source.split(find).length, 2, `"${find}" stands in ${file} once`);
    await Deno.writeTextFile(`${this.#root}/${file}`, source.replace(find, () => replace));
    try {
      return await this.#play(seeds, from);
    } finally {
      await Deno.writeTextFile(`${this.#root}/${file}`, source);
    }
  }

  async #play(seeds: number, from: number): Promise<{ readonly caught: boolean; readonly text: string }> {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "-A", "--no-check", "--cached-only", "tests/simulation/main.ts"],
        ...["--seeds", `${seeds}`, "--from", `${from}`, "--whole"],
      ],
      cwd: this.#root,
      env: { NO_COLOR: "1" },
      stdin: "null",
    }).output();
    const decoder = new TextDecoder();
    const text = decoder.decode(stdout) + decoder.decode(stderr);
    assert.ok(code === 0 || text.includes("Seed "), text);
    return { caught: code !== 0, text };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.#root, { recursive: true });
  }
}

async function copy(from: URL, to: string): Promise<void> {
  const { isDirectory } = await Deno.stat(from);
  if (!isDirectory) return await Deno.copyFile(from, to);
  await Deno.mkdir(to, { recursive: true });
  for await (const { name } of Deno.readDir(from)) {
    await copy(new URL(`${from.href.replace(/\/$/, "")}/${name}`), `${to}/${name}`);
  }
}
