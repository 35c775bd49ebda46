import assert from "node:assert/strict";
import { defineService } from "../../../src/contract/define.ts";
import { method } from "../../../src/contract/method.ts";
import { EVENTS } from "../../../src/log/events.ts";
import { warnOfSurplus } from "../../../src/server/surplus.ts";
import { FakeTransport } from "../../helpers/fake_transport.ts";
import { recordLogs } from "../../helpers/logs.ts";

const members = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ clientId: `rka1-${index}`, ours: true }));

async function said(transport: FakeTransport, slots: number) {
  const contract = defineService("test.Service", { run: method() }, { slots });
  const records = await recordLogs(() => warnOfSurplus(transport, contract));
  return records.filter(({ rawMessage }) => rawMessage === EVENTS.callee.surplus);
}

Deno.test("warnOfSurplus says when more instances serve a contract than a slot has queues", async () => {
  const transport = new FakeTransport();
  transport.onMembers = () => Promise.resolve(members(3));
  const [record, ...others] = await said(transport, 2);
  assert.deepEqual(others, []);
  assert.deepEqual(record?.properties, { contract: "test.Service", instances: 3, queues: 2 });
});

Deno.test("warnOfSurplus says nothing while every instance has a queue, or nobody can tell", async () => {
  const transport = new FakeTransport();
  transport.onMembers = () => Promise.resolve(members(2));
  assert.deepEqual(await said(transport, 2), []);
  transport.onMembers = () => Promise.resolve("unknown");
  assert.deepEqual(await said(transport, 2), []);
  transport.onMembers = () => Promise.reject(new Error("no broker"));
  assert.deepEqual(await said(transport, 2), []);
});
