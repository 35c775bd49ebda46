import assert from "node:assert/strict";
import { SeriesTable } from "../../../src/observe/series.ts";

Deno.test("SeriesTable makes the attributes of a method once", () => {
  const series = new SeriesTable().of("bank.Payments", "transfer");
  const attributes = series.ended("unavailable", "unavailable", "not_sent");
  assert.deepEqual(attributes, {
    "rpc.system.name": "rocket_actors",
    "rpc.method": "bank.Payments/transfer",
    "rpc.response.status_code": "unavailable",
    "error.type": "unavailable",
    "rocket_actors.outcome": "not_sent",
  });
  assert.equal(series.ended("unavailable", "unavailable", "not_sent"), attributes);
  assert.notEqual(series.ended("unavailable", "unavailable", "rejected"), attributes);
  assert.deepEqual(series.attempt(2, undefined), {
    "rpc.system.name": "rocket_actors",
    "rpc.method": "bank.Payments/transfer",
    "rocket_actors.attempt": 2,
  });
});

Deno.test("SeriesTable is bounded: names may come from outside", () => {
  const table = new SeriesTable();
  assert.equal(table.of("bank.Payments", "unheard", false).name, "_OTHER");
  for (let index = 0; index < 1_000; index++) table.of(`bank.S${index % 10}`, `m${index}`);
  assert.equal(table.of("bank.S9", "m999").name, "bank.S9/m999");
  assert.equal(table.of("bank.S10", "one_too_many").name, "_OTHER");
  assert.equal([...table.all()].length, 1_001);
});
