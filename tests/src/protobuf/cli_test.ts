import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { runCli } from "rocket-actors/protobuf/cli";
import { OPTIONS_PROTO } from "rocket-actors/protobuf";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const CLI = fileURLToPath(new URL("../../../src/protobuf/cli.ts", import.meta.url));
const FIXTURE = `${HERE}fixtures/kinds.ts`;
const GIVEN = ["--root", HERE, "fixtures/kinds.proto"];

Deno.test("runCli writes a module, and says whether it is up to date", async () => {
  const folder = await Deno.makeTempDir({ prefix: "rocket-actors-proto-" });
  try {
    const out = `${folder}/kinds.ts`;
    assert.deepEqual(await runCli([...GIVEN, "--out", out]), { code: 0, out: "", err: "" });
    assert.equal(await Deno.readTextFile(out), await Deno.readTextFile(FIXTURE));
    assert.deepEqual(await runCli([...GIVEN, "--check", "--out", out]), { code: 0, out: "", err: "" });
    await Deno.writeTextFile(out, "other");
    const late = await runCli([...GIVEN, "--check", "--out", out]);
    assert.deepEqual(late, {
      code: 1,
      out: "",
      err: `${out} is not up to date: run this again without --check\n`,
    });
    assert.equal(await Deno.readTextFile(out), "other");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("runCli prints what is not to be written", async () => {
  const { code, out } = await runCli(["--", "--service", "kinds.v1.Kinds", ...GIVEN]);
  assert.equal(code, 0);
  assert.equal(out, await Deno.readTextFile(FIXTURE));
  const elsewhere = await runCli(["--library", "npm:x", ...GIVEN], "not-this");
  assert.match(elsewhere.out, /from "npm:x";/);
  assert.match((await runCli(GIVEN, "https://x.test/mod.ts")).out, /from "https:\/\/x\.test\/mod\.ts";/);
  assert.equal((await runCli(["--options"])).out, OPTIONS_PROTO);
  assert.match((await runCli(["--help"])).out, /--root FOLDER/);
});

Deno.test("runCli says what is wrong with arguments and files", async () => {
  const wrong: readonly (readonly [args: readonly string[], err: RegExp])[] = [
    [[], /--root FOLDER/],
    [["--nope", "a.proto"], /Unknown option '--nope'/],
    [["--check", ...GIVEN], /^Cannot check: say which file with --out\n$/],
    [["--check", "--out", `${HERE}none.ts`, ...GIVEN], /none\.ts/],
    [["--root", HERE, "none.proto"], /^Cannot read "none\.proto": it is not in /],
    [["--service", "kinds.v1.None", ...GIVEN], /the services of the files are kinds\.v1\.Kinds\n$/],
  ];
  for (const [args, err] of wrong) {
    const result = await runCli(args);
    assert.equal(result.code, 2, args.join(" "));
    assert.equal(result.out, "");
    assert.match(result.err, err);
  }
});

Deno.test("cli.ts needs to read and write, and nothing else", async () => {
  const run = (...args: readonly string[]): Promise<Deno.CommandOutput> =>
    new Deno.Command(Deno.execPath(), {
      args: ["run", "--frozen", "--no-prompt", "-R", "-W", CLI, ...args],
      env: { NO_COLOR: "1" },
    }).output();
  const good = await run(...GIVEN);
  assert.equal(new TextDecoder().decode(good.stdout), await Deno.readTextFile(FIXTURE));
  assert.equal(good.code, 0, new TextDecoder().decode(good.stderr));
  const bad = await run("none.proto");
  assert.equal(bad.code, 2);
  assert.match(new TextDecoder().decode(bad.stderr), /^Cannot read "none\.proto"/);
});

Deno.test("runCli: what it wrote for the example is up to date", async () => {
  const examples = fileURLToPath(new URL("../../../examples/", import.meta.url));
  const args = [
    "--check",
    "--root",
    examples,
    "--out",
    `${examples}protobuf/payments.ts`,
    "protobuf/payments.proto",
  ];
  assert.deepEqual(await runCli(args), { code: 0, out: "", err: "" });
});
