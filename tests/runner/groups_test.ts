import assert from "node:assert/strict";
import { groupsOf, writeGroups } from "./groups.ts";
import { unitSuites } from "./suites.ts";

const root = new URL("../../", import.meta.url);

Deno.test("groupsOf puts every file into one group, and names no group twice", async () => {
  const suites = await unitSuites(root);
  const groups = groupsOf(suites);
  assert.deepEqual(groups.flatMap(({ files }) => files).sort(), suites);
  assert.equal(new Set(groups.map(({ name }) => name)).size, groups.length);
});

Deno.test("groupsOf begins with the files that stay alone, and joins those of a folder", () => {
  const many = Array.from({ length: 26 }, (_, index) => `tests/src/server/n${index}_test.ts`);
  const groups = groupsOf([
    "tests/crash/crash_table_test.ts",
    "tests/crash/rolling_instances_test.ts",
    "tests/crash/two_test.ts",
    ...many,
  ]);
  assert.deepEqual(groups, [
    { name: "crash-rolling_instances_test", files: ["tests/crash/rolling_instances_test.ts"] },
    { name: "crash", files: ["tests/crash/crash_table_test.ts", "tests/crash/two_test.ts"] },
    { name: "src-server-1", files: many.slice(0, 25) },
    { name: "src-server-2", files: many.slice(25) },
  ]);
});

Deno.test("writeGroups writes an entry file for each group, and removes those of an earlier run", async () => {
  const place = await Deno.makeTempDir({ prefix: "rocket-actors-groups-" });
  try {
    const there = new URL(`file://${place}/`);
    await writeGroups(there, "unit", [{ name: "old", files: [] }]);
    const paths = await writeGroups(there, "unit", [{
      name: "new",
      files: ["tests/a_test.ts", "tests/b_test.ts"],
    }]);
    assert.deepEqual(paths, [".test/unit/new.ts"]);
    assert.deepEqual([...Deno.readDirSync(`${place}/.test/unit`)].map(({ name }) => name), ["new.ts"]);
    assert.equal(
      await Deno.readTextFile(`${place}/.test/unit/new.ts`),
      'import "../../tests/a_test.ts";\nimport "../../tests/b_test.ts";\n',
    );
  } finally {
    await Deno.remove(place, { recursive: true });
  }
});
