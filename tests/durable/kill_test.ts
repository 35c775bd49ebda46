import assert from "node:assert/strict";
import { violations } from "./audit.ts";
import type { Fact } from "./evidence.ts";
import { killAgainAndAgain } from "./lives.ts";

Deno.test("embedded({ file }) loses nothing that it acknowledged to a process that is killed under load", async () => {
  const { facts, violations, livedMs, names } = await killAgainAndAgain(5);
  assert.deepEqual(violations, [], `lived for ${livedMs} ms`);
  const count = (is: Fact["is"]) => facts.filter((fact) => fact.is === is).length;
  assert.ok(count("sent") > 10 && count("answered") > 40, `only ${facts.length} facts`);
  assert.deepEqual(names, ["broker.db", "evidence.jsonl"]);
});

Deno.test("violations() names what was lost, and what ran too often", () => {
  const story = (...kinds: readonly Fact["is"][]): readonly Fact[] =>
    kinds.map((is) => ({ is, method: "told", label: "x", life: 1 }));
  assert.deepEqual(violations(story("called", "sent", "began", "ended")), []);
  assert.deepEqual(violations(story("called", "sent", "dead")), []);
  assert.match(violations(story("called", "sent")).join(), /acknowledged and is lost/);
  assert.match(violations(story("called", "began", "began")).join(), /started 2 times/);
  assert.match(violations(story("called", "began")).join(), /nobody was told/);
  assert.match(violations(story("called", "began", "ended", "answered", "began")).join(), /started again/);
  assert.match(violations(story("called", "answered")).join(), /never ran/);
});
