import type { Type } from "../deps/protobufjs.ts";
import { describe, isPlainObject } from "./describe.ts";
import type { EncodeWalk } from "./encode_walk.ts";
import type { ValueKind } from "./protobuf_kind.ts";

/** A field of a message. */
export interface FieldPlan {
  readonly name: string;
  readonly kind: ValueKind;
  /** Whether "not there" differs from "zero": then nothing is put in the place of what is missing. */
  readonly presence: boolean;
  readonly required: boolean;
  /** The oneof that it is part of. */
  readonly oneof: string | undefined;
}

/** A message: an object with its fields, and no others. */
export class MessageKind implements ValueKind {
  readonly #type: Type;
  readonly #name: string;
  #fields: readonly FieldPlan[] = [];
  #byName: ReadonlyMap<string, FieldPlan> = new Map();
  #required: readonly FieldPlan[] = [];

  /** Starts without fields, since messages may be parts of themselves. */
  constructor(type: Type) {
    this.#type = type;
    this.#name = type.fullName.slice(1);
  }

  /** Says which fields there are; once, before the first value. */
  define(fields: readonly FieldPlan[]): void {
    this.#fields = fields;
    this.#byName = new Map(fields.map((field) => [field.name, field]));
    this.#required = fields.filter((field) => field.required);
  }

  /** The package's description, which encodes and decodes. */
  get type(): Type {
    return this.#type;
  }

  zero(): unknown {
    return undefined;
  }

  toWire(value: unknown, walk: EncodeWalk): unknown {
    if (typeof value !== "object" || value === null || !isPlainObject(value)) {
      return walk.refuse(`${this.#name} takes a plain object, not ${describe(value)}`);
    }
    walk.enter(value);
    const fields = value as Readonly<Record<string, unknown>>; // it is an object, and read by its own keys
    const message = this.#type.create() as unknown as Record<string, unknown>; // messages hold fields as properties
    const oneofs: string[] = [];
    for (const name of Object.keys(fields)) {
      walk.path.push(name);
      const content = fields[name];
      if (content !== undefined) {
        const field = this.#byName.get(name) ?? walk.refuse(`${this.#name} has no such field`);
        if (field.oneof !== undefined) this.#claim(field.oneof, oneofs, walk);
        message[name] = field.kind.toWire(content, walk);
      }
      walk.path.pop();
    }
    for (const { name } of this.#required) {
      if (!Object.hasOwn(message, name)) walk.refuse(`${this.#name} requires the field "${name}"`);
    }
    walk.leave();
    return message;
  }

  fromWire(raw: unknown): unknown {
    const fields = raw as Readonly<Record<string, unknown>>; // a message of protobufjs: kinds are used in pairs
    const value: Record<string, unknown> = {};
    for (const { name, kind, presence } of this.#fields) {
      if (Object.hasOwn(fields, name)) value[name] = kind.fromWire(fields[name]);
      else if (!presence) value[name] = kind.zero();
    }
    return value;
  }

  #claim(oneof: string, claimed: string[], walk: EncodeWalk): void {
    if (claimed.includes(oneof)) walk.refuse(`another field of the oneof "${oneof}" is set too`);
    claimed.push(oneof);
  }
}
