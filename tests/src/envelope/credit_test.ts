import assert from "node:assert/strict";
import { controlMessage, readControl, readCredit, writeCredit } from "../../../src/envelope/credit.ts";
import { HEADER } from "../../../src/envelope/headers.ts";

Deno.test("readCredit reads what writeCredit wrote, and nothing else", () => {
  assert.deepEqual(readCredit(writeCredit({ items: 64, bytes: 1_048_576 })), { items: 64, bytes: 1_048_576 });
  for (
    const value of ["", "64", "64 ", "0 5", "5 0", "-1 5", "1e3 5", "64 1048576 ", "64,5", "9999999999 5"]
  ) {
    assert.equal(readCredit(value), undefined, value);
  }
});

Deno.test("readControl reads what controlMessage wrote", () => {
  for (
    const control of [
      { kind: "credit", id: "c1", seq: 32 },
      { kind: "ping", id: "c1", seq: 0, replyTo: "fake:reader" },
      { kind: "pong", id: "c1", seq: 5 },
    ] as const
  ) {
    const { headers, keys, tag } = controlMessage(control, "read");
    assert.deepEqual(readControl(headers), control);
    // Under the id of a call nothing but its request and its answer is to be found.
    assert.deepEqual([keys, tag], [[], "read"]);
  }
});

Deno.test("readControl refuses what says nothing of a stream", () => {
  const { headers } = controlMessage({ kind: "credit", id: "c1", seq: 1 }, "read");
  for (
    const [name, value] of [
      [HEADER.version, "2"],
      [HEADER.kind, "reply"],
      [HEADER.id, "a b"],
      [HEADER.seq, "x"],
    ] as const
  ) {
    assert.equal(readControl(new Map([...headers, [name, value]])), undefined, name);
  }
  const without = new Map(headers);
  without.delete(HEADER.seq);
  assert.equal(readControl(without), undefined);
});
