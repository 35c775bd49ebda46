import { describe } from "./describe.ts";
import type { EncodeWalk } from "./encode_walk.ts";
import type { ValueKind } from "./protobuf_kind.ts";

/** The scalar types, by their names in .proto files. */
export const SCALARS: ReadonlyMap<string, ValueKind> = new Map<string, ValueKind>([
  ["int32", integer("int32", -(2 ** 31), 2 ** 31 - 1)],
  ["sint32", integer("sint32", -(2 ** 31), 2 ** 31 - 1)],
  ["sfixed32", integer("sfixed32", -(2 ** 31), 2 ** 31 - 1)],
  ["uint32", integer("uint32", 0, 2 ** 32 - 1)],
  ["fixed32", integer("fixed32", 0, 2 ** 32 - 1)],
  ["int64", long("int64", -(2n ** 63n), 2n ** 63n - 1n)],
  ["sint64", long("sint64", -(2n ** 63n), 2n ** 63n - 1n)],
  ["sfixed64", long("sfixed64", -(2n ** 63n), 2n ** 63n - 1n)],
  ["uint64", long("uint64", 0n, 2n ** 64n - 1n)],
  ["fixed64", long("fixed64", 0n, 2n ** 64n - 1n)],
  ["double", double()],
  ["float", float()],
  ["bool", bool()],
  ["string", text()],
  ["bytes", bytes()],
]);

/** Ends the walk because a value is not of its field's type. */
export function refuseKind(walk: EncodeWalk, takes: string, value: unknown): never {
  return walk.refuse(`it takes ${takes}, not ${describe(value)}`);
}

/** What protobufjs makes of a 64-bit integer. */
export interface Long {
  readonly low: number;
  readonly high: number;
}

/** Whether protobufjs made a 64-bit integer of it. */
export function isLong(raw: unknown): raw is Long {
  return typeof raw === "object" && raw !== null && "low" in raw && typeof raw.low === "number" &&
    "high" in raw && typeof raw.high === "number";
}

/** The exact value of a 64-bit integer, read without a sign or with one. */
export function toBigint({ low, high }: Long, unsigned: boolean): bigint {
  return (BigInt(unsigned ? high >>> 0 : high | 0) << 32n) | BigInt(low >>> 0);
}

function integer(name: string, min: number, max: number): ValueKind {
  return {
    zero: () => 0,
    toWire(value, walk) {
      if (typeof value === "number" && Number.isInteger(value) && min <= value && value <= max) return value;
      const kind = typeof value === "number" ? "another number" : describe(value);
      return walk.refuse(`${name} takes whole numbers from ${min} to ${max}, not ${kind}`);
    },
    fromWire: (raw) => raw,
  };
}

function long(name: string, min: bigint, max: bigint): ValueKind {
  return {
    zero: () => 0n,
    toWire(value, walk) {
      if (typeof value === "number" && Number.isSafeInteger(value) && (min < 0n || value >= 0)) return value;
      if (typeof value === "bigint" && min <= value && value <= max) return toLong(value);
      const kind = typeof value === "bigint" ? "another bigint" : describe(value);
      return walk.refuse(
        `${name} takes a bigint from ${min} to ${max}, or a number that is a safe integer, not ${kind}`,
      );
    },
    fromWire: (raw) => isLong(raw) ? toBigint(raw, min === 0n) : BigInt(Number(raw)),
  };
}

function toLong(value: bigint): Long {
  return { low: Number(BigInt.asIntN(32, value)), high: Number(BigInt.asIntN(32, value >> 32n)) };
}

function double(): ValueKind {
  return {
    zero: () => 0,
    toWire: (value, walk) => typeof value === "number" ? value : refuseKind(walk, "a number", value),
    fromWire: (raw) => raw,
  };
}

/** Rounds as the type says; only a number that would become infinite is refused. */
function float(): ValueKind {
  return {
    zero: () => 0,
    toWire(value, walk) {
      if (typeof value !== "number") return refuseKind(walk, "a number", value);
      if (Number.isFinite(value) && !Number.isFinite(Math.fround(value))) {
        walk.refuse("the number is too large for a float, make the field a double");
      }
      return value;
    },
    fromWire: (raw) => raw,
  };
}

function bool(): ValueKind {
  return {
    zero: () => false,
    toWire: (value, walk) => typeof value === "boolean" ? value : refuseKind(walk, "a boolean", value),
    fromWire: (raw) => raw,
  };
}

function text(): ValueKind {
  return {
    zero: () => "",
    toWire(value, walk) {
      if (typeof value !== "string") return refuseKind(walk, "a string", value);
      if (!value.isWellFormed()) {
        walk.refuse("the text has half of a surrogate pair, which UTF-8 cannot hold");
      }
      return value;
    },
    fromWire: (raw) => raw,
  };
}

function bytes(): ValueKind {
  return {
    zero: () => new Uint8Array(),
    toWire: (value, walk) => value instanceof Uint8Array ? value : refuseKind(walk, "a Uint8Array", value),
    // The decoder gives views of what it read.
    fromWire: (raw) => raw instanceof Uint8Array ? new Uint8Array(raw) : new Uint8Array(),
  };
}
