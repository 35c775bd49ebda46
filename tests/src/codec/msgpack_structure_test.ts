import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { inspect } from "../../../src/codec/msgpack_structure.ts";

function inspectHex(hex: string, depth = 0): boolean {
  return inspect(Buffer.from(hex.replaceAll(" ", ""), "hex"), depth);
}

Deno.test("inspect passes over every form that the decoder makes right, and finds nothing special", () => {
  const plain = [
    ..."00 7f ff e0 c0 c2 c3 80 90 a0 a161".split(" "),
    ...["ca00000000", "cb0000000000000000", "cc00", "cd0000", "ce00000000", "d000", "d10000", "d200000000"],
    ...["d90161", "da000161", "db0000000161", "dc000100", "dd0000000100", "de0001a16100", "df00000001a16100"],
    ...["82a16193010203a16280", "9191919190", "a3e282ac"],
  ];
  for (const hex of plain) assert.equal(inspectHex(hex), false, hex);
});

Deno.test("inspect finds bytes, 64-bit integers and extensions, wherever they are", () => {
  const special = [
    ...["c40161", "c5000161", "c60000000161", "cf0000000000000000", "d30000000000000000"],
    ...["d40100", "d5010000", "d60100000000", "d7010000000000000000", `d801${"00".repeat(16)}`],
    ...["c7010100", "c800010100", "c9000000010100"],
  ];
  for (const hex of special) {
    assert.equal(inspectHex(hex), true, hex);
    assert.equal(inspectHex(`93 01 81 a161 ${hex} c0`), true, hex);
  }
  // The same bytes within a text are no such thing.
  assert.equal(inspectHex("a2c38f"), false);
});

Deno.test("inspect refuses what ends too early, at every byte", () => {
  const whole = "85a16193010203a162c40201ffa163d9036162 63a164cf0000000000000001a165c7020401ff".replaceAll(
    " ",
    "",
  );
  assert.equal(inspectHex(whole), true);
  for (let length = 0; length < whole.length; length += 2) {
    assert.throws(() => inspectHex(whole.slice(0, length)), {
      name: "TypeError",
      message: /ends within a value/,
    });
  }
  assert.throws(() => inspectHex(whole + "00"), { message: "1 bytes follow the value" });
});

Deno.test("inspect counts the levels around the value too, and those of empty containers", () => {
  assert.equal(inspectHex("91".repeat(199) + "90"), false);
  assert.throws(() => inspectHex("91".repeat(200) + "90"), { message: "values lie at most 200 levels deep" });
  assert.equal(inspectHex("9180", 198), false);
  assert.throws(() => inspectHex("9180", 199), { message: "values lie at most 200 levels deep" });
  // Containers beside each other are not within each other.
  assert.equal(inspectHex("dc0400" + "90".repeat(1_024)), false);
});

Deno.test("inspect reads texts as UTF-8, short ones and long ones", () => {
  const euros = Buffer.from("€".repeat(20)).toString("hex");
  assert.equal(inspectHex(`d93c${euros}`), false);
  assert.throws(() => inspectHex(`d93c${euros.replace(/ac$/, "20")}`), { message: "a text is not UTF-8" });
  const long = "61".repeat(300);
  assert.equal(inspectHex(`da012c${long}`), false);
  assert.throws(() => inspectHex(`da012c${long.replace(/61$/, "80")}`), { message: "a text is not UTF-8" });
  assert.throws(() => inspectHex("a2c080"), { message: "a text is not UTF-8" });
});
