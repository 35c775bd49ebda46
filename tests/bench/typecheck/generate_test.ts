import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { baseline, contract, schemasAlone, STYLES } from "../../../bench/typecheck/generate.ts";

const root = new URL("../../../", import.meta.url);

Deno.test("contract() has a declaration, a handler and a call for each method, every tenth with an error", () => {
  for (const style of STYLES) {
    const source = contract(style, 21);
    assert.equal(source.match(/method[<(]/g)?.length, 21, style);
    assert.equal(source.match(/ctx\) =>/g)?.length, 21, style);
    assert.equal(source.match(/await client\.m\d+\(/g)?.length, 21, style);
    assert.equal(source.match(/errors: \{ E\d+:/g)?.length, 3, style);
  }
});

Deno.test("schemasAlone() has two schemas for each method, every tenth with a third", () => {
  for (const style of ["zod", "valibot", "arktype"] as const) {
    assert.equal(schemasAlone(style, 21).match(/^export const \w+\d+ =/gm)?.length, 45, style);
  }
});

Deno.test("contract() makes programs whose types are known: they compile, and wrong ones do not", async () => {
  const folder = await Deno.makeTempDir({ prefix: "rocket-actors-types-" });
  try {
    const programs = STYLES.map((style) => [`${style}.ts`, contract(style, 11)] as const);
    const wrong = [
      ["call.ts", programs[0]?.[1].replace(`cents: 1, f3: 1 }`, `cents: 1, f3: "1" }`)],
      ["handler.ts", programs[1]?.[1].replace(`ctx.attempt, f4: 1 }`, `ctx.attempt }`)],
      ["schema.ts", programs[2]?.[1].replace(`f5: v.number()`, `f5: v.string()`)],
      ["error.ts", programs[3]?.[1].replace(`ctx.error("Closed"`, `ctx.error("Open"`)],
    ] as const;
    for (const [name, source = ""] of [...programs, ["baseline.ts", baseline()] as const, ...wrong]) {
      await Deno.writeTextFile(`${folder}/${name}`, source);
    }
    // One check of all: most of it goes into the types of the library and the schema libraries, whatever is asked.
    const wrongNames = wrong.map(([name]) => name);
    const names = [...programs.map(([name]) => name), "baseline.ts", ...wrongNames];
    assert.deepEqual(await failures(folder, names), wrongNames.toSorted());
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** Those of the programs that do not compile. */
async function failures(folder: string, names: readonly string[]): Promise<string[]> {
  const { stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "check",
      "--quiet",
      "--config",
      fileURLToPath(new URL("deno.json", root)),
      ...names.map((name) => `${folder}/${name}`),
    ],
    env: { NO_COLOR: "1" },
  }).output();
  const text = new TextDecoder().decode(stderr);
  return names.filter((name) => text.includes(`/${name}:`)).toSorted();
}
