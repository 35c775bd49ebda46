import type { Reader } from "../../bytes/reader.ts";
import type { Writer } from "../../bytes/writer.ts";
import { CLIENT_VERSION, type Fields } from "./command.ts";
import { CLIENT_LANGUAGE } from "./language.ts";
import type { Header, OutgoingCommand } from "./outgoing.ts";

/**
 * Writes a header in the JSON serialisation. `extFields` is always there: brokers read it without a null check.
 * RocketMQ: RemotingCommand, RemotingSerializable.
 */
export function writeJsonHeader(writer: Writer, command: OutgoingCommand): void {
  writer.utf8(JSON.stringify({
    code: command.code,
    language: CLIENT_LANGUAGE.name,
    version: command.version ?? CLIENT_VERSION,
    opaque: command.opaque,
    flag: command.flag,
    // Left out, not null, when there is none.
    remark: command.remark,
    extFields: command.fields,
  }));
}

/**
 * Reads a header in the JSON serialisation. Members not known here are skipped; ext fields that are numbers or
 * booleans are taken as their text.
 *
 * @throws SyntaxError when it is not JSON
 * @throws TypeError when a member is missing or has the wrong type
 */
export function readJsonHeader(reader: Reader): Header {
  const header: unknown = JSON.parse(reader.utf8(reader.remaining));
  if (!isObject(header)) throw new TypeError("Cannot read the header: it is not an object");
  const { remark, language } = header;
  return {
    code: integer(header, "code"),
    flag: integer(header, "flag"),
    opaque: integer(header, "opaque"),
    language: typeof language === "string" ? language : "",
    version: header["version"] === undefined ? 0 : integer(header, "version"),
    remark: typeof remark === "string" ? remark : undefined,
    fields: readFields(header["extFields"]),
  };
}

function integer(header: Readonly<Record<string, unknown>>, name: string): number {
  const value = header[name];
  if (typeof value === "number" && Number.isInteger(value)) return value;
  throw new TypeError(`Cannot read the header: "${name}" is not an integer`);
}

function readFields(value: unknown): Fields {
  if (value === undefined || value === null) return {};
  if (!isObject(value)) throw new TypeError('Cannot read the header: "extFields" is not an object');
  return hasOnlyText(value) ? value : toText(value);
}

function hasOnlyText(object: Readonly<Record<string, unknown>>): object is Fields {
  for (const name in object) {
    if (typeof object[name] !== "string") return false;
  }
  return true;
}

function toText(object: Readonly<Record<string, unknown>>): Fields {
  const fields: Record<string, string> = Object.create(null);
  for (const [name, value] of Object.entries(object)) {
    if (typeof value === "object" && value !== null) {
      throw new TypeError(`Cannot read the header: ext field "${name}" is not text`);
    }
    if (value !== null) fields[name] = String(value);
  }
  return fields;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
