import assert from "node:assert/strict";
import { cancelMessage, readCancel } from "../../../src/envelope/cancel.ts";
import { ENVELOPE_VERSION, HEADER } from "../../../src/envelope/headers.ts";

Deno.test("cancelMessage names the call in a header, and not in a key: under it lie request and reply", () => {
  const { tag, keys, headers, body, plain } = cancelMessage("c1", "run");
  assert.deepEqual([tag, keys, body.length, plain], ["run", [], 1, undefined]);
  assert.deepEqual([...headers], [
    [HEADER.version, ENVELOPE_VERSION],
    [HEADER.kind, "cancel"],
    [HEADER.id, "c1"],
    [HEADER.empty, "1"],
  ]);
  assert.equal(readCancel(headers), "c1");
});

Deno.test("readCancel finds no call in what is no cancel, or names none", () => {
  const { headers } = cancelMessage("c1", "run");
  const wrong: readonly [string, string | undefined][] = [
    [HEADER.kind, undefined],
    [HEADER.kind, "request"],
    [HEADER.version, undefined],
    [HEADER.version, "2"],
    [HEADER.id, undefined],
    [HEADER.id, ""],
    [HEADER.id, "a b"],
    [HEADER.id, "x".repeat(65)],
  ];
  for (const [name, value] of wrong) {
    const changed = new Map(headers);
    if (value === undefined) changed.delete(name);
    else changed.set(name, value);
    assert.equal(readCancel(changed), undefined, `${name}=${value}`);
  }
});
