import assert from "node:assert/strict";
import { DirectDelivery } from "../../../src/server/direct_call.ts";

Deno.test("DirectDelivery has nothing to record and nothing to settle", async () => {
  const headers = new Map([["a", "b"]]);
  const delivery = new DirectDelivery("ping", headers, Uint8Array.of(1), 7);
  assert.deepEqual([delivery.message.tag, delivery.message.headers, delivery.storedAtMs], [
    "ping",
    headers,
    7,
  ]);
  assert.deepEqual([delivery.offset, delivery.starts, delivery.queue.topic], [0, 0, ""]);
  assert.equal(await delivery.started(), undefined);
  delivery.ack();
});
