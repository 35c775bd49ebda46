import assert from "node:assert/strict";
import { Owners } from "../../../src/client/owners.ts";

const QUEUE = { topic: "test-Service", broker: "a", id: 3 };

Deno.test("Owners knows the owner of a queue as the last reply told", () => {
  const owners = new Owners();
  assert.equal(owners.of(QUEUE), undefined);
  owners.learn({ topic: "test-Service", broker: "a", id: 3 }, "one");
  assert.equal(owners.of(QUEUE), "one");
  owners.learn({ topic: "test-Service", broker: "a", id: 3 }, "other");
  assert.equal(owners.of(QUEUE), "other");
  for (const other of [{ topic: "t" }, { broker: "b" }, { id: 4 }]) {
    assert.equal(owners.of({ ...QUEUE, ...other }), undefined);
  }
});

Deno.test("Owners believes no address that is longer than any is", () => {
  const owners = new Owners();
  owners.learn(QUEUE, "x".repeat(513));
  assert.equal(owners.of(QUEUE), undefined);
});

Deno.test("Owners remembers a bounded number, and forgets nothing for one that it knows", () => {
  const owners = new Owners();
  for (let id = 0; id < 4_096; id++) owners.learn({ topic: "test-Service", broker: "a", id }, "one");
  owners.learn({ topic: "test-Service", broker: "a", id: 3 }, "other");
  assert.equal(owners.of({ ...QUEUE, id: 4_095 }), "one");
  owners.learn({ topic: "test-Service", broker: "b", id: 0 }, "one");
  assert.deepEqual([owners.of(QUEUE), owners.of({ ...QUEUE, broker: "b", id: 0 })], [undefined, "one"]);
});

Deno.test("Owners learns from what replies say, whatever was said before", () => {
  const owners = new Owners();
  for (const address of ["one", "other", "one", "one", "other"]) {
    owners.learnFrom(`${address} test-Service/a/3`);
    assert.equal(owners.of(QUEUE), address);
  }
  owners.learn(QUEUE, "third");
  owners.learnFrom("other test-Service/a/3");
  assert.equal(owners.of(QUEUE), "other");
  for (const nonsense of ["", "other", "x".repeat(513) + " test-Service/a/3"]) owners.learnFrom(nonsense);
  assert.equal(owners.of(QUEUE), "other");
});
