const TOKEN =
  /\/\/[^\n]*|\/\*[^]*?(?:\*\/|$)|"(?:\\[^]|[^"\\\n])*"?|'(?:\\[^]|[^'\\\n])*'?|[A-Za-z_][\w.]*|-?\d[\w.+-]*|\S/g;
/** Words of later editions before a declaration. */
const VISIBILITY: readonly string[] = ["export", "local"];
const WORD = /^[A-Za-z_]/;
const LINE_FEED = 10;
/** What stands deeper has no place: the parser goes less deep, and each name would hold all those around it. */
const MAX_DEPTH = 100;

/** A scope that counts: names declared in it begin with its own. `undefined`: options, whose names are none. */
type Scope = string | undefined;

/** Where the declarations of one .proto file stand: what the parser of the package does not keep. */
export class ProtoPlaces {
  readonly #lines = new Map<string, number>();
  readonly #imports = new Map<string, number>();
  readonly #scopes: Scope[] = [];
  #package = "";
  /** The tokens of the statement that is being read, without those in brackets. */
  #statement: string[] = [];
  #startLine = 1;

  /** Reads a text as far as it makes sense; what is wrong with it is the parser's to say. */
  constructor(text: string) {
    let line = 1;
    let at = 0;
    let brackets = 0;
    for (const { 0: token, index } of text.matchAll(TOKEN)) {
      line += newlines(text, at, index);
      at = index;
      if (token.startsWith("//") || token.startsWith("/*")) continue;
      if (token === "[") brackets++;
      if (brackets === 0) this.#take(token, line);
      if (token === "]") brackets--;
    }
  }

  /** The line of a message, enum, service, field, value or rpc, by its full name without a dot before it. */
  lineOf(name: string): number | undefined {
    return this.#lines.get(name);
  }

  /** The first line at which something of that name stands, in whichever scope. */
  lineOfAny(name: string): number | undefined {
    for (const [full, line] of this.#lines) if (full === name || full.endsWith(`.${name}`)) return line;
    return undefined;
  }

  /** What the file imports, in order. */
  get imports(): readonly string[] {
    return [...this.#imports.keys()];
  }

  /** The line of an import. */
  lineOfImport(path: string): number | undefined {
    return this.#imports.get(path);
  }

  #take(token: string, line: number): void {
    if (token === "{") return this.#open();
    if (token === "}") {
      this.#scopes.pop();
      this.#statement = [];
    } else if (token === ";") {
      this.#close();
    } else {
      if (this.#statement.length === 0) this.#startLine = line;
      this.#statement.push(token);
    }
  }

  #open(): void {
    if (VISIBILITY.includes(this.#statement[0] ?? "")) this.#statement.shift();
    const [first = "", second = ""] = this.#statement;
    if (this.#isOptions() || first === "option" || this.#scopes.length >= MAX_DEPTH) {
      this.#scopes.push(undefined);
    } else if (first === "oneof" || first === "extend") this.#scopes.push(this.#scope());
    // A group is named before its number, all else behind its word.
    else this.#scopes.push(this.#declare(this.#declared() ?? second));
    // Options have no end of their own: what follows their brace is a new statement.
    this.#statement = [];
  }

  #close(): void {
    const [first = "", second = ""] = this.#statement;
    if (first === "package") this.#package = second;
    else if (first === "import") this.#imports.set(unquoted(this.#statement.at(-1) ?? ""), this.#startLine);
    else if (first === "rpc") this.#declare(second);
    else if (first !== "option" && !this.#isOptions()) this.#declareField();
    this.#statement = [];
  }

  #declareField(): void {
    const name = this.#declared();
    if (name !== undefined) this.#declare(name);
  }

  /** The name before `=`. */
  #declared(): string | undefined {
    const name = this.#statement[this.#statement.indexOf("=") - 1];
    return name !== undefined && WORD.test(name) ? name : undefined;
  }

  #declare(name: string): string {
    const scope = this.#scope();
    const full = scope === "" ? name : `${scope}.${name}`;
    if (!this.#lines.has(full)) this.#lines.set(full, this.#startLine);
    return full;
  }

  #scope(): string {
    return this.#scopes.length === 0 ? this.#package : this.#scopes.at(-1) ?? "";
  }

  #isOptions(): boolean {
    return this.#scopes.length > 0 && this.#scopes.at(-1) === undefined;
  }
}

function newlines(text: string, from: number, to: number): number {
  let count = 0;
  for (let at = from; at < to; at++) if (text.charCodeAt(at) === LINE_FEED) count++;
  return count;
}

function unquoted(literal: string): string {
  return literal.slice(1, -1);
}
