import { util } from "../deps/protobufjs.ts";
import type { EncodeWalk } from "./encode_walk.ts";
import type { ValueKind } from "./protobuf_kind.ts";
import { isLong, refuseKind, toBigint } from "./protobuf_scalars.ts";

/** protobufjs keeps 64-bit keys as texts of eight characters, a byte each. */
const HASH_LENGTH = 8;

/** A repeated field: an array. */
export class ListKind implements ValueKind {
  readonly #item: ValueKind;

  /** @param item what it is an array of */
  constructor(item: ValueKind) {
    this.#item = item;
  }

  zero(): unknown {
    return [];
  }

  toWire(value: unknown, walk: EncodeWalk): unknown {
    if (!Array.isArray(value)) return refuseKind(walk, "an array", value);
    const items: unknown[] = [];
    for (let index = 0; index < value.length; index++) {
      walk.path.push(index);
      items.push(this.#item.toWire(value[index], walk));
      walk.path.pop();
    }
    return items;
  }

  fromWire(raw: unknown): unknown {
    return Array.isArray(raw) ? raw.map((item) => this.#item.fromWire(item)) : [];
  }
}

/** A map field: a Map, so that keys keep their type and none means anything to JavaScript. */
export class MapKind implements ValueKind {
  readonly #keyType: string;
  readonly #key: ValueKind;
  readonly #value: ValueKind;

  /**
   * @param keyType the name of the key's type
   * @param key how keys travel
   * @param value how values travel
   */
  constructor(keyType: string, key: ValueKind, value: ValueKind) {
    this.#keyType = keyType;
    this.#key = key;
    this.#value = value;
  }

  zero(): unknown {
    return new Map();
  }

  toWire(value: unknown, walk: EncodeWalk): unknown {
    if (!(value instanceof Map)) return refuseKind(walk, "a Map", value);
    // Without a prototype "__proto__" is a key like any other.
    const entries: Record<string, unknown> = Object.create(null);
    let index = 0;
    walk.path.push("entries");
    for (const [key, content] of value) {
      walk.path.push(index++);
      walk.path.push("key");
      const text = keyText(this.#key.toWire(key, walk));
      if (text in entries) walk.refuse("the key is there twice, as a bigint and as a number");
      walk.path.pop();
      walk.path.push("value");
      entries[text] = this.#value.toWire(content, walk);
      walk.path.pop();
      walk.path.pop();
    }
    walk.path.pop();
    return entries;
  }

  fromWire(raw: unknown): unknown {
    const map = new Map<unknown, unknown>();
    for (const [key, content] of Object.entries(raw ?? {})) {
      map.set(this.#fromKeyText(key), this.#value.fromWire(content));
    }
    return map;
  }

  #fromKeyText(key: string): unknown {
    switch (this.#keyType) {
      case "string":
        return key;
      case "bool":
        return key === "true";
      case "int32":
      case "sint32":
      case "sfixed32":
      case "uint32":
      case "fixed32":
        return Number(key);
      default:
        // A key that was not on the wire is "0".
        return this.#key.fromWire(
          key.length === HASH_LENGTH ? util.longFromHash(key, this.#isUnsigned()) : 0,
        );
    }
  }

  #isUnsigned(): boolean {
    return this.#keyType === "uint64" || this.#keyType === "fixed64";
  }
}

/** protobufjs takes 64-bit keys as digits too. */
function keyText(wireKey: unknown): string {
  return isLong(wireKey) ? String(toBigint(wireKey, false)) : String(wireKey);
}
