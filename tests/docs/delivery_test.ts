import assert from "node:assert/strict";
import {
  CRASH_TABLE,
  fateOf,
  type Ownership,
  OWNERSHIPS,
  PER_MESSAGE_ROWS,
  type Step,
  STEPS,
  STORES,
  textOf,
} from "../crash/crash_table.ts";
import { OUTCOME_TABLE } from "../crash/outcomes.ts";

const page = await Deno.readTextFile(new URL("../../docs/delivery.md", import.meta.url));

/** The rows of every table whose head begins with that cell, each without its padding. */
function tables(first: string): string[][][] {
  const found: string[][][] = [];
  let rows: string[][] | undefined;
  for (const line of page.split("\n")) {
    if (!line.startsWith("|")) {
      rows = undefined;
      continue;
    }
    const cells = line.split("|").slice(1, -1).map((cell) => cell.trim());
    if (rows !== undefined) rows.push(cells);
    else if (cells[0] === first) found.push(rows = []);
    else rows = [];
  }
  // Below the head stands a line of dashes.
  return found.map((table) => table.slice(1));
}

/** The columns of the page, in their order. Nobody asks a store about what is safe. */
const COLUMNS = [
  ["safe", "no store"],
  ["idempotent", "no store"],
  ["idempotent", "shared store"],
  ["other", "no store"],
  ["other", "shared store"],
] as const;

function crashRows(ownership: Ownership, steps: readonly Step[]): string[][] {
  return steps.map((step) => [
    `${step}: ${STEPS[step]}`,
    ...COLUMNS.map(([promised, stored]) => textOf(fateOf(ownership, step, stored, promised))),
  ]);
}

/** The steps of a table, in the order in which a call comes by them: names of digits alone would come first. */
function stepsOf(table: Partial<Record<Step, unknown>>): Step[] {
  const order: readonly Step[] = ["0", "0'", "0''", "1-3", "3'", "4", "5", "6", "7"];
  assert.equal(order.length, Object.keys(STEPS).length);
  return order.filter((step) => step in table);
}

Deno.test("delivery.md has the crash table that the tests play", () => {
  const [offset, perMessage, ...others] = tables("it breaks where");
  assert.equal(others.length, 0);
  assert.deepEqual(offset, crashRows("offset", stepsOf(CRASH_TABLE)));
  assert.deepEqual(perMessage, crashRows("perMessage", stepsOf(PER_MESSAGE_ROWS)));
  for (const ownership of OWNERSHIPS) {
    for (const step of stepsOf(CRASH_TABLE)) {
      const [without, withStore] = STORES.map((stored) => fateOf(ownership, step, stored, "safe"));
      assert.deepEqual(without, withStore, "the page has one column for what is safe");
    }
  }
});

Deno.test("delivery.md has every code and outcome that the tests produce", () => {
  const [rows, ...others] = tables("code");
  assert.equal(others.length, 0);
  const expected = Object.values(OUTCOME_TABLE).map(({ code, outcome, when }) => [
    code === "any" ? "any" : `\`${code}\``,
    `\`${outcome}\``,
    when,
  ]);
  assert.deepEqual(rows, expected);
});
