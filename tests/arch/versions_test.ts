import assert from "node:assert/strict";
import config from "../../deno.json" with { type: "json" };
import { VERSION } from "../../src/services/version.ts";

const root = new URL("../../", import.meta.url);
const INLINE = /"npm:((?:@[^/"]+\/)?[^@"/]+)@([^"/]+)[^"]*"/g;
const EXACT = /^\d+\.\d+\.\d+(-[\w.]+)?$/;

interface Pin {
  readonly where: string;
  readonly name: string;
  readonly version: string;
}

Deno.test("versions: a package has one exact version everywhere", async () => {
  const pins = [
    ...await pinsOfImportMap(),
    ...await pinsOfSources("src/"),
    ...await pinsOfSources("actors/"),
  ];
  assert.ok(pins.some(({ where }) => where.startsWith("src/deps/")), "no dependency was found");
  const versions = new Map<string, string>();
  for (const { where, name, version } of pins) {
    assert.match(version, EXACT, `${where}: pin ${name} exactly`);
    const known = versions.get(name) ?? version;
    assert.equal(version, known, `${where}: ${name} has another version elsewhere`);
    versions.set(name, version);
  }
});

Deno.test("versions: packages are imported in src/deps only, and nothing comes from jsr: or https:", async () => {
  for (const folder of ["src/", "actors/"]) {
    for await (const [path, source] of sources(folder)) {
      if (!path.startsWith("src/deps/")) assert.doesNotMatch(source, /from "npm:/, path);
      assert.doesNotMatch(source, /from "(jsr|https?):/, path);
    }
  }
});

Deno.test("versions: deno.json, the code, CHANGELOG and the import map agree on names and version", async () => {
  assert.equal(VERSION, config.version);
  const changelog = await Deno.readTextFile(new URL("CHANGELOG.md", root));
  assert.ok(changelog.includes(`## ${config.version}`), `CHANGELOG.md has no entry for ${config.version}`);
  const map = await importMap();
  for (const [entry, target] of Object.entries(config.exports)) {
    assert.equal(map[entry.replace(/^\./, "rocket-actors")], target, `import_map.json lacks ${entry}`);
  }
});

async function importMap(): Promise<Record<string, string>> {
  const map: { imports: Record<string, string> } = JSON.parse(
    await Deno.readTextFile(new URL("import_map.json", root)),
  );
  return map.imports;
}

async function pinsOfImportMap(): Promise<Pin[]> {
  return Object.values(await importMap()).flatMap((target) => pinsIn("import_map.json", `"${target}"`));
}

async function pinsOfSources(folder: string): Promise<Pin[]> {
  const pins: Pin[] = [];
  for await (const [path, source] of sources(folder)) pins.push(...pinsIn(path, source));
  return pins;
}

function pinsIn(where: string, text: string): Pin[] {
  return [...text.matchAll(INLINE)].map(([, name = "", version = ""]) => ({ where, name, version }));
}

async function* sources(folder: string): AsyncGenerator<readonly [path: string, source: string]> {
  for await (const { name, isDirectory } of Deno.readDir(new URL(folder, root))) {
    if (isDirectory) yield* sources(`${folder}${name}/`);
    else if (name.endsWith(".ts")) {
      yield [folder + name, await Deno.readTextFile(new URL(folder + name, root))];
    }
  }
}
