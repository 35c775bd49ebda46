import assert from "node:assert/strict";
import type { Command } from "../../../../src/rocketmq/remote/command.ts";
import { encodeFrame, FrameReader } from "../../../../src/rocketmq/remote/frame.ts";
import { RequestCode } from "../../../../src/rocketmq/remote/codes.ts";
import { GOLDEN_REQUESTS } from "../client/golden_requests.ts";
import java from "./java_frames.json" with { type: "json" };

/** A frame as RocketMQ 5.5.0's own classes write it; made by `tests/interop/golden_frames.ts`. */
interface JavaFrame {
  /** The class that Java reads its ext fields with; empty where it has none. */
  readonly header: string;
  /** What that class holds. */
  readonly fields: Readonly<Record<string, string>>;
  readonly json: string;
  readonly binary: string;
}

const FRAMES: Readonly<Record<string, JavaFrame>> = java.frames;
/** What Java adds to requests of ours: defaults of its classes. */
const DEFAULTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  CreateTopicRequestHeader: { force: "false" },
  GetMaxOffsetRequestHeader: { committed: "true" },
};
/** What stands beside the class in Java, too. */
const BESIDE_THE_CLASS: ReadonlySet<string> = new Set(["_UNIQUE_KEY_QUERY"]);
/** Codes that this client knows and never sends. */
const NEVER_SENT: ReadonlySet<number> = new Set([
  RequestCode.SEND_MESSAGE,
  RequestCode.NOTIFY_CONSUMER_IDS_CHANGED,
  RequestCode.PUSH_REPLY_MESSAGE_TO_CLIENT,
]);

function decode(hex: string): Command {
  const commands: Command[] = [];
  new FrameReader((command) => commands.push(command)).push(Uint8Array.fromHex(hex));
  const [command] = commands;
  assert.ok(command !== undefined && commands.length === 1);
  return { ...command, fields: { ...command.fields } };
}

/** The header of a frame in JSON. */
function jsonHeader(frame: Uint8Array): Record<string, unknown> {
  const length = new DataView(frame.buffer, frame.byteOffset).getUint32(4) & 0xff_ffff;
  return JSON.parse(new TextDecoder().decode(frame.subarray(8, 8 + length)));
}

for (const [name, frame] of Object.entries(FRAMES)) {
  Deno.test(`FrameReader reads ${name} as Java writes it, in both serialisations`, () => {
    const [json, binary] = [decode(frame.json), decode(frame.binary)];
    assert.deepEqual(json, binary);
    assert.deepEqual(json.fields, frame.fields);
    assert.equal(json.language, name.startsWith("answer to") ? "JAVA" : "OTHER");
  });
}

for (const [name, ours] of Object.entries(GOLDEN_REQUESTS)) {
  Deno.test(`Java reads all that ${name} writes`, () => {
    const frame = FRAMES[name];
    assert.ok(frame !== undefined, `run \`deno run -A tests/interop/golden_frames.ts\` to add ${name}`);
    const { fields, ...command } = decode(ours);
    const kept = Object.entries(fields).filter(([field]) => !BESIDE_THE_CLASS.has(field));
    // A default of Java's class gives way to what was sent.
    assert.deepEqual(frame.fields, { ...DEFAULTS[frame.header], ...Object.fromEntries(kept) });
    const { fields: _, ...java } = decode(frame.binary);
    assert.deepEqual(java, command);
    assert.equal(
      frame.header === "" && kept.length > 0,
      false,
      `give ${name} its class in GoldenFrames.java`,
    );
  });

  Deno.test(`encodeFrame() writes ${name} as Java does, in both serialisations`, () => {
    const frame = FRAMES[name];
    assert.ok(frame !== undefined);
    const command = decode(frame.binary);
    assert.equal(encodeFrame(command).toHex(), frame.binary);
    const { serializeTypeCurrentRPC, ...expected } = jsonHeader(Uint8Array.fromHex(frame.json));
    assert.equal(serializeTypeCurrentRPC, "JSON");
    const written = encodeFrame(command, "json");
    assert.deepEqual(jsonHeader(written), { extFields: {}, ...expected });
    assert.deepEqual(decode(written.toHex()), command);
  });
}

Deno.test("RequestCode has golden bytes for every request that is sent", () => {
  const golden = new Set(Object.values(GOLDEN_REQUESTS).map((hex) => decode(hex).code));
  const missing = Object.entries(RequestCode).filter(([, code]) =>
    !golden.has(code) && !NEVER_SENT.has(code)
  );
  assert.deepEqual(missing, []);
});
