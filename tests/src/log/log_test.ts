import assert from "node:assert/strict";
import { EVENTS } from "../../../src/log/events.ts";
import { logger } from "../../../src/log/log.ts";
import { recordLogs } from "../../helpers/logs.ts";

Deno.test("logger logs under the library's root, with properties as data", async () => {
  const [record] = await recordLogs(() => logger("callee").warn(EVENTS.callee.clockSkew, { skewMs: 700 }));
  assert.deepEqual(record?.category, ["rocket-actors", "callee"]);
  assert.equal(record.level, "warning");
  assert.deepEqual(record.properties, { skewMs: 700 });
});

Deno.test("EVENTS are told apart by their text", () => {
  const texts = Object.values(EVENTS).flatMap((events) => Object.values(events));
  assert.equal(new Set(texts).size, texts.length);
});
