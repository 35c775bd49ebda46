import { describe, isPlainObject } from "./describe.ts";
import { EncodeWalk } from "./encode_walk.ts";
import { isCarried, MAX_BIGINT_BITS, MAX_DEPTH } from "./limits.ts";

/** What a codec writes for values that its plain serializer would lose or refuse. */
export interface Forms {
  /** The codec's name, for messages. */
  readonly codec: string;
  /** Whether texts must be well-formed UTF-16. */
  readonly wellFormed: boolean;
  /** -0, NaN or an infinity. */
  number(value: number): unknown;
  /** A bigint of at most {@linkcode MAX_BIGINT_BITS}. */
  bigint(value: bigint): unknown;
  /** A date that is valid. */
  date(value: Date): unknown;
  /** Bytes, which may be a `Buffer`. */
  bytes(value: Uint8Array): unknown;
  /** A Map as keys and values by turns, each of them rewritten. */
  map(items: unknown[]): unknown;
  /** A Set's values, each of them rewritten. */
  set(items: unknown[]): unknown;
  /** `undefined` where it cannot be left out. */
  undefined(): unknown;
  /** An object, its fields rewritten: a chance to quote it where it looks like a form. */
  object(copy: Record<string, unknown>, keys: readonly string[]): unknown;
}

/**
 * Copies a value with every special value replaced by its form, so that a plain serializer carries all of it.
 *
 * @throws {TypeError} with the path of what has no form
 */
export function rewrite(value: unknown, forms: Forms): unknown {
  const walk = new EncodeWalk(forms.codec, MAX_DEPTH);
  try {
    return new Rewriter(forms, walk).rewrite(value);
  } catch (error) {
    throw walk.refusal(error);
  }
}

class Rewriter {
  readonly #forms: Forms;
  readonly #walk: EncodeWalk;

  constructor(forms: Forms, walk: EncodeWalk) {
    this.#forms = forms;
    this.#walk = walk;
  }

  rewrite(value: unknown): unknown {
    switch (typeof value) {
      case "string":
        return this.#text(value);
      case "number":
        return Number.isFinite(value) && !Object.is(value, -0) ? value : this.#forms.number(value);
      case "bigint":
        if (!isCarried(value)) this.#walk.refuse(`bigints have at most ${MAX_BIGINT_BITS} bits`);
        return this.#forms.bigint(value);
      case "undefined":
        return this.#forms.undefined();
      case "object":
        return value === null ? null : this.#object(value);
      case "boolean":
        return value;
      default:
        return this.#walk.refuse(`${describe(value)} has no form in this codec, leave it out`);
    }
  }

  #text(value: string): string {
    if (this.#forms.wellFormed && !value.isWellFormed()) {
      this.#walk.refuse("a text or key has half of a surrogate pair, which UTF-8 cannot hold");
    }
    return value;
  }

  #object(value: object): unknown {
    switch (Object.getPrototypeOf(value)) {
      case Date.prototype:
        // This and the next two are what they seem, or were made to look so; then their methods throw.
        return this.#date(value as Date);
      case Map.prototype:
        return this.#map(value as Map<unknown, unknown>);
      case Set.prototype:
        return this.#set(value as Set<unknown>);
    }
    if (value instanceof Uint8Array) return this.#forms.bytes(value);
    if (Array.isArray(value)) return this.#array(value);
    if (isPlainObject(value)) return this.#fields(value);
    return this.#walk.refuse(`${describe(value)} has no form in this codec, make it a plain value first`);
  }

  #date(value: Date): unknown {
    if (Number.isNaN(value.getTime())) this.#walk.refuse("the date is invalid");
    return this.#forms.date(value);
  }

  #map(map: Map<unknown, unknown>): unknown {
    const items: unknown[] = [];
    this.#walk.enter(map);
    this.#walk.path.push("entries");
    for (const [key, value] of map) {
      this.#walk.path.push(items.length / 2);
      items.push(this.#at("key", key), this.#at("value", value));
      this.#walk.path.pop();
    }
    this.#walk.path.pop();
    this.#walk.leave();
    return this.#forms.map(items);
  }

  #set(set: Set<unknown>): unknown {
    this.#walk.enter(set);
    this.#walk.path.push("values");
    const items = this.#items([...set]);
    this.#walk.path.pop();
    this.#walk.leave();
    return this.#forms.set(items);
  }

  #array(array: readonly unknown[]): unknown {
    if (Object.getPrototypeOf(array) !== Array.prototype) {
      this.#walk.refuse(
        "an array of a class of its own has no form in this codec, make it a plain array first",
      );
    }
    this.#walk.enter(array);
    const copy = this.#items(array);
    this.#walk.leave();
    return copy;
  }

  #items(items: readonly unknown[]): unknown[] {
    const copy: unknown[] = [];
    for (let index = 0; index < items.length; index++) {
      if (!Object.hasOwn(items, index)) {
        this.#walk.path.push(index);
        this.#walk.refuse("the array has a hole there");
      }
      copy.push(this.#at(index, items[index]));
    }
    return copy;
  }

  #fields(object: object): unknown {
    const copy: Record<string, unknown> = {};
    const keys: string[] = [];
    this.#walk.enter(object);
    for (const key of Object.keys(object)) {
      this.#walk.path.push(key);
      const field: unknown = (object as Record<string, unknown>)[key]; // `key` came from `object`
      if (field !== undefined) {
        if (key === "__proto__") this.#walk.refuse('the key "__proto__" is not carried, use a Map');
        copy[this.#text(key)] = this.rewrite(field);
        keys.push(key);
      }
      this.#walk.path.pop();
    }
    this.#walk.leave();
    return this.#forms.object(copy, keys);
  }

  #at(segment: string | number, value: unknown): unknown {
    this.#walk.path.push(segment);
    const form = this.rewrite(value);
    this.#walk.path.pop();
    return form;
  }
}
