import assert from "node:assert/strict";
import { ATTRIBUTE, SPAN_EVENT, SPAN_NAME } from "../../src/observe/attributes.ts";
import { HISTOGRAM, OBSERVED } from "../../src/observe/instruments.ts";

const PAGE = await Deno.readTextFile(new URL("../../docs/observability.md", import.meta.url));

/** The cells of the table below a heading, row by row. */
function rowsOf(heading: string): readonly (readonly string[])[] {
  const section = PAGE.split(`\n${heading}\n`)[1]?.split(/\n#+ /)[0] ?? "";
  const lines = section.split("\n").filter((line) => line.startsWith("| "));
  return lines.slice(2).map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim()));
}

function bare(cell = ""): string {
  return cell.replaceAll("`", "");
}

Deno.test("observability.md lists every instrument as it is made", () => {
  const made = Object.values({ ...HISTOGRAM, ...OBSERVED }).map(({ name, kind, unit, description, by }) => [
    name,
    kind,
    unit,
    description,
    by.join(", ") || "nothing",
  ]);
  assert.deepEqual(rowsOf("## Metrics").map((row) => row.map(bare)), made);
});

Deno.test("observability.md lists every attribute and every event, once", () => {
  const told = rowsOf("### Attributes").map(([name]) => bare(name));
  assert.deepEqual(told.toSorted(), Object.values(ATTRIBUTE).toSorted());
  const events = new Set(rowsOf("### Events").map(([name]) => bare(name)));
  assert.deepEqual([...events].toSorted(), Object.values(SPAN_EVENT).toSorted());
});

Deno.test("observability.md lists every span by its name", () => {
  const names = rowsOf("## Spans").map(([name]) => bare(name).split(" "));
  const told = names.flatMap(([first, second]) => second === undefined ? [] : [`${first} `]);
  assert.deepEqual(told.toSorted(), Object.values(SPAN_NAME).toSorted());
});
