/** Runs every check that is not a test: `deno task check`. Says which ones failed, and fails if any did. */
// deno-lint-ignore-file no-console -- a program that talks to people
import config from "../deno.json" with { type: "json" };

const root = new URL("../", import.meta.url);

/** What is documented for users, and so held to the rules of documentation. */
const PUBLIC = Object.values(config.exports);

/** A folder stands for its sources only. */
const PAGES = [...Deno.readDirSync(new URL("docs/", root))]
  .filter(({ name }) => name.endsWith(".md")).map(({ name }) => `docs/${name}`).sort();

const checks: readonly (readonly [name: string, args: readonly string[]])[] = [
  ["format", ["fmt", "--check"]],
  ["lint", ["lint"]],
  ["types", ["check", "--frozen", "mod.ts", "src", "actors", "testing", "tests", "examples", "bench"]],
  ["types of examples", [
    "check",
    "--frozen",
    "--doc-only",
    "README.md",
    ...PAGES,
    "mod.ts",
    "src",
    "actors",
    "testing",
  ]],
  ["documentation", ["doc", "--lint", ...PUBLIC]],
  ["layers and versions", ["test", "--frozen", "--allow-read", "--allow-run", "tests/arch"]],
];

const failed: string[] = [];
for (const [name, args] of checks) {
  console.log(`\n== ${name}: deno ${args.join(" ")}`);
  const { success } = await new Deno.Command(Deno.execPath(), { args: [...args], cwd: root }).spawn().status;
  if (!success) failed.push(name);
}
console.log(
  failed.length === 0 ? "\ncheck: everything is in order" : `\ncheck: FAILED: ${failed.join(", ")}`,
);
Deno.exit(failed.length === 0 ? 0 : 1);
