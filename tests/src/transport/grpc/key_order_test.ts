import assert from "node:assert/strict";
import { GrpcDelivery, type Settler } from "../../../../src/transport/grpc/delivery.ts";
import { KeyOrder } from "../../../../src/transport/grpc/key_order.ts";
import { GrpcPartition } from "../../../../src/transport/grpc/partition.ts";
import { RecordingSink } from "../../../helpers/recording_sink.ts";
import { textMessage } from "../../../helpers/grpc_stage.ts";

const nobody: Settler = { settle: () => {}, giveBack: () => {} };
const partition = new GrpcPartition({ topic: "T", broker: "proxy", id: 0 }, {
  sink: new RecordingSink(),
  wanted: () => {},
  released: () => {},
});

function delivery(text: string): GrpcDelivery {
  const message = textMessage("T", text, { messageGroup: text.slice(0, 1) });
  const received = {
    message,
    messageId: text,
    handle: text,
    queue: 0,
    offset: 0,
    storedAtMs: 0,
    starts: 0,
    ordered: true,
  };
  return new GrpcDelivery(received, 0, partition, 1_000, nobody);
}

Deno.test("KeyOrder lets one message of a group go, and the next one when it is settled", () => {
  const order = new KeyOrder();
  const [a1, a2, a3, b1] = [delivery("a1"), delivery("a2"), delivery("a3"), delivery("b1")];
  assert.deepEqual([a1, a2, b1, a3].map((one) => order.add(one)), [true, false, true, false]);
  assert.equal(order.settled(a2), undefined, "it was not its turn");
  assert.equal(order.settled(a1), a2);
  assert.equal(order.settled(a2), a3);
  assert.equal(order.settled(a3), undefined);
  assert.equal(order.settled(b1), undefined);
  assert.ok(order.add(delivery("a4")));
});

Deno.test("KeyOrder takes a whole line out with the first of it", () => {
  const order = new KeyOrder();
  const [a1, a2] = [delivery("a1"), delivery("a2")];
  order.add(a1);
  order.add(a2);
  assert.deepEqual(order.drop(a2), []);
  assert.deepEqual(order.drop(a1), [a1, a2]);
  assert.ok(order.add(delivery("a1")), "it comes again");
});

Deno.test("KeyOrder begins a line anew behind one whose time is over", () => {
  const order = new KeyOrder();
  const a1 = delivery("a1");
  order.add(a1);
  a1.current = false;
  assert.ok(order.add(delivery("a1")));
});

Deno.test("KeyOrder puts another delivery of a message in its place", () => {
  const order = new KeyOrder();
  const [a1, again, a2] = [delivery("a1"), delivery("a1"), delivery("a2")];
  order.add(a1);
  order.add(a2);
  order.replace(a1, again);
  assert.equal(order.settled(a1), undefined);
  assert.equal(order.settled(again), a2);
});
