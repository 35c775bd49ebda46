import assert from "node:assert/strict";
import { Receipt } from "../../../src/server/receipt.ts";
import { FakeDelivery, messageOf, requestOf } from "../../helpers/deliveries.ts";

Deno.test("Receipt acknowledges a message once the last of its calls is settled, and says so once", () => {
  const delivery = new FakeDelivery(messageOf(requestOf("c1")));
  const acksWhenTold: number[] = [];
  const receipt = new Receipt(delivery, 3, () => acksWhenTold.push(delivery.acks));
  receipt.done();
  receipt.done();
  assert.equal(delivery.acks, 0);
  receipt.done();
  assert.deepEqual(acksWhenTold, [1]);
  receipt.done();
  assert.equal(delivery.acks, 1);
});
