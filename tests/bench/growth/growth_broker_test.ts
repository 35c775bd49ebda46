import assert from "node:assert/strict";
import { measure } from "../../../bench/broker/pair.ts";
import { Servers } from "../../../bench/broker/servers/servers.ts";
import { measureBacklog } from "../../../bench/growth/backlog.ts";
import { startStage } from "../../../bench/growth/stage.ts";
import { sharedNameServer } from "../../broker/shared.ts";

const COMMAND = {
  load: { kind: "closed", inFlight: 8 },
  body: 128,
  warmUpMs: 100,
  measuredMs: 1_000,
} as const;

function servers(): Servers {
  sharedNameServer();
  return new Servers({ brokerPid: undefined, proxy: false });
}

function fresh(name: string): string {
  return `test.Growth_${name}_${crypto.randomUUID().slice(0, 8)}`;
}

Deno.test("startStage(): keys, and services with a slow neighbour, are served by as many instances as wanted", async () => {
  await using started = servers();
  const broker = await started.rocketMq();
  await using keys = await startStage(broker, {
    contract: fresh("keys"),
    kind: "keys",
    size: 20,
    instances: 1,
  });
  await using quick = await startStage(broker, {
    ...{ contract: fresh("quick"), kind: "quick", size: 1, instances: 2 },
  });
  const slow = await quick.requester("slow");
  await slow.writeLine("closed 4 128 0 60000");
  for (const { pair, startUpMs } of [keys, quick]) {
    const { window } = await measure(pair, COMMAND);
    assert.equal(window.failed, 0, window.anError);
    assert.ok(window.calls > 0 && startUpMs > 0);
  }
  assert.equal(quick.pair.responders.length, 2);
});

Deno.test("measureBacklog() stores requests that nobody serves, and works all of them off", async () => {
  await using started = servers();
  const { stored, drained, beside, firstRunMs } = await measureBacklog(
    ...[await started.rocketMq(), 300, 100, () => {}] as const,
  );
  assert.equal(stored.window.calls, 300);
  assert.equal(drained.window.calls, 300);
  assert.ok(firstRunMs > 0);
  assert.equal(beside.window.failed, 0, beside.window.anError);
});
