/** What tests read from `docs/rocketmq.md`. */
const page = await Deno.readTextFile(new URL("../../docs/rocketmq.md", import.meta.url));

/** The text below a heading, up to the next one. */
export function section(heading: string): string {
  const lines = page.split("\n");
  const start = lines.indexOf(heading);
  if (start < 0) throw new Error(`docs/rocketmq.md has no heading "${heading}"`);
  const length = lines.slice(start + 1).findIndex((line) => /^#{2,4} /.test(line));
  return lines.slice(start + 1, length < 0 ? undefined : start + 1 + length).join("\n");
}

/** The rows of that table of a section without its head; options and names without their marks of code. */
export function rowsOf(heading: string, table = 0): string[][] {
  const tables = section(heading).split(/\n(?!\|)/)
    .flatMap((text) => text.split("\n").filter((line) => line.startsWith("|")).join("\n"))
    .filter((text) => text !== "");
  return (tables[table] ?? "").split("\n").slice(2)
    .map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim().replaceAll("`", "")));
}

/** The `mqadmin` commands of a section, without that word, their blanks made single. */
export function commandsOf(heading: string): string[] {
  return section(heading).split("\n").filter((line) => line.startsWith("mqadmin "))
    .map((line) => line.slice("mqadmin ".length).replaceAll(/\s+/g, " "));
}
