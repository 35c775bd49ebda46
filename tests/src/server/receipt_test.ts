import assert from "node:assert/strict";
import { noReceipt, Receipt } from "../../../src/server/receipt.ts";
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

Deno.test("Receipt knows whether anything is left to do for its message", () => {
  const delivery = new FakeDelivery(messageOf(requestOf("c1")));
  const receipt = new Receipt(delivery, 2, () => {}, 70);
  assert.deepEqual([receipt.calls, receipt.receivedAtMs, receipt.settled], [2, 70, false]);
  receipt.done();
  assert.equal(receipt.settled, false);
  receipt.done();
  assert.equal(receipt.settled, true);
});

Deno.test("Receipt gives a message back once, and never after it was settled", () => {
  const delivery = new FakeDelivery(messageOf(requestOf("c1")));
  let told = 0;
  const receipt = new Receipt(delivery, 1, () => told++);
  receipt.giveBack(500);
  receipt.giveBack(500);
  receipt.done();
  assert.deepEqual([delivery.givenBack, delivery.acks, told, receipt.settled], [[500], 0, 1, true]);
});

Deno.test("noReceipt settles nothing", () => {
  const delivery = new FakeDelivery(messageOf(requestOf("c1")));
  const receipt = noReceipt(delivery);
  receipt.done();
  receipt.giveBack(1);
  assert.deepEqual([delivery.acks, delivery.givenBack, receipt.settled, receipt.calls], [0, [], true, 0]);
});
