import assert from "node:assert/strict";

const root = new URL("../../", import.meta.url);
const SOURCES = ["src/", "actors/", "testing/", "mod.ts"];

/** The adapters: what may know that the runtime is Deno, and says in its own words what others have. */
const MAY_NAME_DENO: readonly string[] = ["src/rocketmq/remote/deno_socket.ts"];

/** Node 22 cannot read them, and packing leaves them as they are. */
const DISPOSING_DECLARATION = /^\s*(await )?using \w+ =/m;
Deno.test("runtimes: only the adapters name Deno, and each of them does", async () => {
  const naming: string[] = [];
  for await (const [path, code] of sources()) {
    if (/\bDeno\./.test(code)) naming.push(path);
  }
  assert.deepEqual(naming.sort(), [...MAY_NAME_DENO].sort());
});

Deno.test("runtimes: no source has what Node 22 cannot read", async () => {
  let files = 0;
  for await (const [path, code] of sources()) {
    files++;
    assert.doesNotMatch(code, DISPOSING_DECLARATION, `${path}: dispose in a finally block`);
  }
  assert.ok(files > 200, `only ${files} files were read`);
});

Deno.test("runtimes: node:zlib's newer functions are not imported by name", async () => {
  for await (const [path, code] of sources()) {
    const [, names = ""] = /import \{([^}]*)\} from "node:zlib"/.exec(code) ?? [];
    assert.doesNotMatch(names, /zstd/, `${path}: Node before 22.15 would not start`);
  }
});

/** All sources without their comments. */
async function* sources(): AsyncGenerator<readonly [path: string, code: string]> {
  for (const path of SOURCES) yield* sourcesIn(path);
}

async function* sourcesIn(path: string): AsyncGenerator<readonly [path: string, code: string]> {
  if (path.endsWith(".ts")) {
    const source = await Deno.readTextFile(new URL(path, root));
    yield [path, source.replace(/\/\*[^]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "")];
  } else if (path.endsWith("/")) {
    for await (const { name, isDirectory } of Deno.readDir(new URL(path, root))) {
      yield* sourcesIn(isDirectory ? `${path}${name}/` : path + name);
    }
  }
}
