import assert from "node:assert/strict";
import { type Command, describeLoad, parseCommand, sizeOf, writeCommand } from "../../bench/broker/load.ts";

const times = { body: 128, warmUpMs: 500, measuredMs: 2_000 };

Deno.test("parseCommand() reads what writeCommand() writes", () => {
  const commands: Command[] = [
    { load: { kind: "closed", inFlight: 64 }, ...times },
    { load: { kind: "open", perSecond: 2_000 }, ...times },
  ];
  for (const command of commands) assert.deepEqual(parseCommand(writeCommand(command)), command);
  assert.equal(writeCommand({ load: { kind: "closed", inFlight: 64 }, ...times }), "closed 64 128 500 2000");
});

Deno.test("parseCommand() refuses other lines", () => {
  for (const line of ["", "run 1 2 3 4", "closed 1 2 3", "open many 128 1 1"]) {
    assert.throws(() => parseCommand(line), { name: "TypeError", message: /Cannot read the command/ });
  }
});

Deno.test("sizeOf() and describeLoad() say how much it is", () => {
  assert.equal(sizeOf({ kind: "open", perSecond: 500 }), 500);
  assert.equal(describeLoad({ kind: "open", perSecond: 500 }), "500 calls/s offered");
  assert.equal(describeLoad({ kind: "closed", inFlight: 4 }), "4 in flight");
});
