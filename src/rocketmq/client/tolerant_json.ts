/** What {@linkcode parseTolerantJson} makes of an object: in order, with keys of any kind. */
export type TolerantObject = ReadonlyMap<TolerantJson, TolerantJson>;

/** A value that {@linkcode parseTolerantJson} returns. A number as a key is given as text. */
export type TolerantJson = string | number | boolean | null | readonly TolerantJson[] | TolerantObject;

const DEFAULT_MAX_DEPTH = 32;
const SCALAR = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
const STRING = /"(?:[^"\\]|\\.)*"/sy;
const BLANKS = /\s*/y;

/**
 * Parses JSON as servers write it with fastjson 1: keys of objects may be unquoted numbers (`{0:"a"}`) or objects
 * (`{{"queueId":0}:5}`). Integers beyond 53 bits lose digits, as with `JSON.parse`.
 *
 * @throws SyntaxError when it is not that, or nested deeper than `maxDepth`
 */
export function parseTolerantJson(text: string, maxDepth: number = DEFAULT_MAX_DEPTH): TolerantJson {
  return new Parser(text, maxDepth).parse();
}

class Parser {
  readonly #text: string;
  #depthLeft: number;
  #at = 0;

  constructor(text: string, maxDepth: number) {
    this.#text = text;
    this.#depthLeft = maxDepth;
  }

  parse(): TolerantJson {
    const value = this.#value();
    this.#match(BLANKS);
    if (this.#at < this.#text.length) throw this.#error();
    return value;
  }

  #value(): TolerantJson {
    this.#match(BLANKS);
    switch (this.#text[this.#at]) {
      case "{":
        return this.#nested(() => this.#object());
      case "[":
        return this.#nested(() => this.#array());
      case '"':
        return this.#scalar(STRING);
      default:
        return this.#scalar(SCALAR);
    }
  }

  #object(): TolerantObject {
    const object = new Map<TolerantJson, TolerantJson>();
    this.#list("}", () => {
      const key = this.#value();
      if (!this.#skip(":")) throw this.#error();
      object.set(typeof key === "number" ? String(key) : key, this.#value());
    });
    return object;
  }

  #array(): readonly TolerantJson[] {
    const array: TolerantJson[] = [];
    this.#list("]", () => array.push(this.#value()));
    return array;
  }

  #list(end: string, element: () => void): void {
    this.#at++;
    if (this.#skip(end)) return;
    do element(); while (this.#skip(","));
    if (!this.#skip(end)) throw this.#error();
  }

  #nested<T>(parse: () => T): T {
    if (this.#depthLeft === 0) throw new SyntaxError(`Cannot parse: nested too deep at ${this.#at}`);
    this.#depthLeft--;
    const value = parse();
    this.#depthLeft++;
    return value;
  }

  #scalar(pattern: RegExp): TolerantJson {
    const token = this.#match(pattern);
    if (token === undefined) throw this.#error();
    const value: unknown = JSON.parse(token);
    switch (typeof value) {
      case "string":
      case "number":
      case "boolean":
        return value;
      default:
        return null;
    }
  }

  #skip(character: string): boolean {
    this.#match(BLANKS);
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  #error(): SyntaxError {
    const found = this.#text[this.#at];
    return new SyntaxError(
      found === undefined
        ? "Cannot parse: it ends early"
        : `Cannot parse: unexpected ${found} at ${this.#at}`,
    );
  }
}
