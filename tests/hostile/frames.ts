import assert from "node:assert/strict";
import { encodeProperties } from "../../src/rocketmq/client/properties.ts";
import { decodeMessages } from "../../src/rocketmq/client/message.ts";
import { requestHeaders } from "../../src/envelope/request.ts";
import type { Command } from "../../src/rocketmq/remote/command.ts";
import { encodeFrame, FrameReader } from "../../src/rocketmq/remote/frame.ts";
import { toDirectMessage, toMessage } from "../../src/transport/remoting/messages.ts";
import { requestOf } from "../helpers/deliveries.ts";
import { storedRecord } from "../src/rocketmq/client/stored_record.ts";
import { mutateBytes } from "./bytes.ts";
import type { Dice } from "./dice.ts";
import { inTime } from "./parsers.ts";
import { emptyTally, fates, type Tally } from "./tally.ts";

/** A connection reads into a buffer of this size. */
const MOST_CHUNK = 64 * 1024;
/** Larger than any frame here; a claim beyond it must be refused before memory is set aside. */
const MOST_FRAME = 1024 * 1024;

/**
 * Reads mutated frames as a connection would, and the messages in them. Each is read, is refused with an error (which
 * costs the connection), or waits for bytes that it claims to have.
 */
export function attackFrames(dice: Dice, frames: number): Tally {
  const tally = emptyTally();
  for (; tally.sent < frames; tally.sent++) {
    const bytes = mutateBytes(dice, validFrame(dice));
    inTime(() => readFrames(dice, bytes)) ? tally.answered++ : tally.counted++;
  }
  assert.equal(fates(tally), tally.sent);
  return tally;
}

/** Whether all of it was read, or waits for more. */
function readFrames(dice: Dice, bytes: Uint8Array): boolean {
  const commands: Command[] = [];
  const reader = new FrameReader((command) => commands.push(command), MOST_FRAME);
  try {
    for (let at = 0; at < bytes.length;) {
      const end = at + 1 + dice.below(dice.chance(0.5) ? 16 : MOST_CHUNK);
      reader.push(bytes.slice(at, end));
      at = end;
    }
  } catch (error) {
    assert.ok(isExpected(error), String(error));
    return false;
  } finally {
    for (const command of commands) readMessages(command);
  }
  return true;
}

/** Goes on with what a command brings, as the answer to a pull and as a pushed reply. */
function readMessages({ body, fields, opaque }: Command): void {
  assert.ok(Number.isInteger(opaque) && Object.getPrototypeOf(fields) !== Array.prototype);
  try {
    for (const stored of decodeMessages(body)) {
      const { message } = { message: toMessage(stored) };
      assert.ok(message.damaged !== undefined || message.body.length <= 4 * 1024 * 1024);
    }
  } catch (error) {
    assert.ok(isExpected(error), String(error));
  }
  const direct = toDirectMessage(fields["properties"] ?? "", body);
  assert.equal(direct.body, body);
}

/** What the reading methods say that they throw; a defect of ours would look otherwise. */
function isExpected(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const ours = error instanceof TypeError || error instanceof RangeError;
  return error instanceof SyntaxError || (ours && /^Cannot /.test(error.message));
}

function validFrame(dice: Dice): Uint8Array {
  const headers = [...requestHeaders(requestOf("c1"))];
  const properties = encodeProperties([...headers, ["KEYS", "c1"], ["TAGS", "run"], ["TTL", "5000"]]);
  const record = () =>
    storedRecord({
      properties,
      version: dice.pick([1, 2]),
      // Compressed, IPv6, or as it is.
      sysFlag: dice.pick([0, 0, 1, 16, 32, 48, 0x101, 0x301]),
      body: new TextEncoder().encode(JSON.stringify({ number: dice.below(1_000) })),
    });
  const records = Array.from({ length: 1 + dice.below(4) }, record);
  const body = new Uint8Array(records.reduce((sum, one) => sum + one.length, 0));
  let at = 0;
  for (const one of records) {
    body.set(one, at);
    at += one.length;
  }
  return encodeFrame({
    // Beyond 16 bits the header is JSON.
    code: dice.pick([0, 11, 310, 326, 70_000]),
    flag: dice.below(4),
    opaque: dice.below(2 ** 31),
    fields: { properties, offset: "12", __proto__: "x", remark: "x".repeat(dice.below(300)) },
    body: dice.chance(0.9) ? body : undefined,
    remark: dice.chance(0.3) ? "remark" : undefined,
  });
}
