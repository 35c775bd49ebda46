import type { Reader } from "../../bytes/reader.ts";
import type { Writer } from "../../bytes/writer.ts";
import { CLIENT_VERSION } from "./command.ts";
import { CLIENT_LANGUAGE, languageName } from "./language.ts";
import type { Header, OutgoingCommand } from "./outgoing.ts";

const MAX_CODE = 0x7fff;
const MAX_NAME_BYTES = 0x7fff;

/** Whether the binary header can carry a code: it has 16 bits for it. */
export function fitsBinaryHeader(code: number): boolean {
  return code >= 0 && code <= MAX_CODE;
}

/**
 * Writes a header in the ROCKETMQ serialisation (RocketMQ: RocketMQSerializable):
 *
 * ```text
 * i16 code | u8 language | u16 version | i32 opaque | i32 flag | i32 length + remark | i32 length + ext fields
 * ext field: i16 length + name | i32 length + value
 * ```
 *
 * @throws RangeError when a field's name is longer than 32,767 bytes
 */
export function writeBinaryHeader(writer: Writer, command: OutgoingCommand): void {
  writer.u16(command.code);
  writer.u8(CLIENT_LANGUAGE.code);
  writer.u16(command.version ?? CLIENT_VERSION);
  writer.u32(command.opaque);
  writer.u32(command.flag);
  writeText(writer, command.remark ?? "");
  const start = writer.length;
  writer.u32(0);
  const { fields } = command;
  for (const name in fields) {
    const value = fields[name];
    if (value === undefined) continue;
    writeName(writer, name);
    writeText(writer, value);
  }
  writer.patchU32(start, writer.length - start - 4);
}

function writeName(writer: Writer, name: string): void {
  const at = writer.length;
  writer.u16(0);
  const length = writer.utf8(name);
  if (length > MAX_NAME_BYTES) throw new RangeError(`Cannot encode an ext field's name of ${length} bytes`);
  writer.patchU16(at, length);
}

function writeText(writer: Writer, text: string): void {
  const at = writer.length;
  writer.u32(0);
  if (text !== "") writer.patchU32(at, writer.utf8(text));
}

/**
 * Reads a header that {@linkcode writeBinaryHeader} or a server wrote.
 *
 * @throws RangeError when a length inside points beyond the header
 */
export function readBinaryHeader(reader: Reader): Header {
  const code = reader.i16();
  const language = languageName(reader.u8());
  const version = reader.u16();
  const opaque = reader.i32();
  const flag = reader.i32();
  const remark = reader.utf8(reader.u32());
  const end = reader.u32() + reader.position;
  // No prototype: a field may have any name.
  const fields: Record<string, string> = Object.create(null);
  while (reader.position < end) {
    const name = reader.utf8(reader.u16());
    fields[name] = reader.utf8(reader.u32());
  }
  if (reader.position !== end) {
    throw new RangeError(`Cannot read ext fields: they end at ${reader.position}, not ${end}`);
  }
  return { code, flag, opaque, language, version, remark: remark === "" ? undefined : remark, fields };
}
