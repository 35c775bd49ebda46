import type { EncodeWalk } from "./encode_walk.ts";

/** How the values of one Protobuf type travel: between what users see and what protobufjs reads and writes. */
export interface ValueKind {
  /** What a field without presence has when nothing was on the wire. */
  zero(): unknown;
  /** Checks a value and gives what protobufjs's encoder takes for it. */
  toWire(value: unknown, walk: EncodeWalk): unknown;
  /** Gives the value for what protobufjs's decoder made. */
  fromWire(raw: unknown): unknown;
}
