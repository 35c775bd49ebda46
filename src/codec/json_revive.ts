import { fromBase64 } from "../bytes/base64.ts";
import { KEY, QUOTED } from "./json_forms.ts";
import { isCarried, MAX_BIGINT_BITS, MAX_DEPTH } from "./limits.ts";
import { Path } from "./path.ts";
import { MARK } from "./plain.ts";

/** No bigint of the largest size has more digits. */
const MAX_DIGITS = Math.ceil(MAX_BIGINT_BITS * Math.log10(2));
const INTEGER = /^(?:0|-?[1-9][0-9]*)$/;

/**
 * Turns the forms within a parsed value into what they stand for, in place.
 *
 * @throws {TypeError} with the path of a form that is none, of a key that would set a prototype, or of what lies too
 * deep
 */
export function revive(parsed: unknown): unknown {
  return new Reviver().revive(parsed);
}

class Reviver {
  readonly #path = new Path();
  /** How many containers, as the sender counted them, are around the value under the eye. */
  #depth = 0;

  revive(value: unknown): unknown {
    if (typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) return this.#within(() => this.#items(value));
    return this.#object(value as Record<string, unknown>); // JSON.parse makes nothing else
  }

  #object(object: Record<string, unknown>): unknown {
    const keys = Object.keys(object);
    const [only] = keys;
    if (keys.length === 1 && only?.startsWith(MARK)) return this.#form(only, object[only]);
    return this.#within(() => {
      for (const key of keys) {
        if (key === "__proto__") this.#refuse('the key "__proto__" is not carried');
        object[key] = this.#at(key, object[key]);
      }
      return object;
    });
  }

  /** What an object stands for whose only key begins with the mark. */
  #form(key: string, content: unknown): unknown {
    if (key.startsWith(QUOTED)) {
      const quoted = key.slice(MARK.length);
      return this.#within(() => ({ [quoted]: this.#at(quoted, content) }));
    }
    switch (key) {
      case KEY.map:
        return this.#within(() => this.#map(content));
      case KEY.set:
        return this.#within(() => this.#set(content));
      case KEY.undefined:
        return content === true ? undefined : this.#refuseForm(key, "true");
    }
    if (typeof content !== "string") return this.#refuseForm(key, "a text");
    return this.#scalar(key, content);
  }

  #scalar(key: string, text: string): unknown {
    switch (key) {
      case KEY.bigint:
        return this.#bigint(text);
      case KEY.date:
        return this.#date(text);
      case KEY.bytes:
        return this.#bytes(text);
      case KEY.number:
        return this.#number(text);
      default:
        return this.#refuse(`${JSON.stringify(key.slice(0, 60))} is not a form of this codec`);
    }
  }

  #bigint(text: string): bigint {
    if (text.length > MAX_DIGITS + 1 || !INTEGER.test(text)) this.#refuseForm(KEY.bigint, "an integer");
    const value = BigInt(text);
    return isCarried(value) ? value : this.#refuseForm(KEY.bigint, `an integer of ${MAX_BIGINT_BITS} bits`);
  }

  #date(text: string): Date {
    const date = new Date(text);
    // Only what `toISOString` writes: other texts mean different dates on different machines.
    const same = !Number.isNaN(date.getTime()) && date.toISOString() === text;
    return same ? date : this.#refuseForm(KEY.date, "a time like 2026-01-31T09:00:00.000Z");
  }

  #bytes(text: string): Uint8Array {
    try {
      return fromBase64(text);
    } catch {
      return this.#refuseForm(KEY.bytes, "base64 with padding");
    }
  }

  #number(text: string): number {
    switch (text) {
      case "NaN":
        return NaN;
      case "Infinity":
        return Infinity;
      case "-Infinity":
        return -Infinity;
      case "-0":
        return -0;
      default:
        return this.#refuseForm(KEY.number, '"NaN", "Infinity", "-Infinity" or "-0"');
    }
  }

  #map(content: unknown): Map<unknown, unknown> {
    if (!Array.isArray(content)) return this.#refuseForm(KEY.map, "pairs");
    const map = new Map<unknown, unknown>();
    this.#path.push("entries");
    for (const [index, pair] of content.entries()) {
      this.#path.push(index);
      if (!Array.isArray(pair) || pair.length !== 2) return this.#refuseForm(KEY.map, "pairs");
      map.set(this.#at("key", pair[0]), this.#at("value", pair[1]));
      this.#path.pop();
    }
    this.#path.pop();
    return map;
  }

  #set(content: unknown): Set<unknown> {
    if (!Array.isArray(content)) return this.#refuseForm(KEY.set, "an array");
    this.#path.push("values");
    const set = new Set(this.#items(content));
    this.#path.pop();
    return set;
  }

  #items(items: unknown[]): unknown[] {
    for (let index = 0; index < items.length; index++) items[index] = this.#at(index, items[index]);
    return items;
  }

  #at(segment: string | number, value: unknown): unknown {
    this.#path.push(segment);
    const revived = this.revive(value);
    this.#path.pop();
    return revived;
  }

  #within<T>(enter: () => T): T {
    if (this.#depth === MAX_DEPTH) this.#refuse(`values lie at most ${MAX_DEPTH} levels deep`);
    this.#depth++;
    const revived = enter();
    this.#depth--;
    return revived;
  }

  #refuseForm(key: string, expected: string): never {
    return this.#refuse(`${JSON.stringify(key)} must hold ${expected}`);
  }

  #refuse(reason: string): never {
    throw new TypeError(`Cannot decode the body at ${this.#path}: ${reason}`);
  }
}
