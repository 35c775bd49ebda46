import type { Enum } from "../deps/protobufjs.ts";
import type { EncodeWalk } from "./encode_walk.ts";
import type { ValueKind } from "./protobuf_kind.ts";
import { refuseKind } from "./protobuf_scalars.ts";

/** An enum: the names of its values; of numbers without a name, the numbers. */
export class EnumKind implements ValueKind {
  readonly #type: string;
  readonly #numbers: ReadonlyMap<string, number>;
  readonly #names = new Map<number, string>();
  readonly #closed: boolean;

  /** Reads the enum's description. */
  constructor(type: Enum) {
    this.#type = type.fullName.slice(1);
    this.#numbers = new Map(Object.entries(type.values));
    // Of two names of a number the first is its name.
    for (const [name, number] of this.#numbers) {
      if (!this.#names.has(number)) this.#names.set(number, name);
    }
    this.#closed = isClosed(type);
  }

  zero(): unknown {
    const [first] = this.#numbers.values();
    return this.fromWire(first ?? 0);
  }

  toWire(value: unknown, walk: EncodeWalk): unknown {
    if (typeof value === "string") {
      const number = this.#numbers.get(value);
      return number ?? walk.refuse(`${this.#type} has no value of this name, but ${this.#someNames()}`);
    }
    if (typeof value === "number" && (value | 0) === value) {
      // Readers of closed enums drop what they do not know.
      if (!this.#closed || this.#names.has(value)) return value;
      return walk.refuse(`${this.#type} is closed and has no value of this number`);
    }
    return refuseKind(walk, `a name or number of ${this.#type}`, value);
  }

  fromWire(raw: unknown): unknown {
    return typeof raw === "number" ? this.#names.get(raw) ?? raw : raw;
  }

  #someNames(): string {
    const names = [...this.#numbers.keys()];
    return names.slice(0, 8).join(", ") + (names.length > 8 ? " …" : "");
  }
}

/** Whether it is an enum of proto2, or says so itself. The package keeps that to itself, so its typings lack it. */
export function isClosed(type: Enum): boolean {
  const features: unknown = Reflect.get(type, "_features");
  return typeof features === "object" && features !== null && Reflect.get(features, "enum_type") === "CLOSED";
}
