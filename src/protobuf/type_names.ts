import type { Enum, Type } from "../deps/protobufjs.ts";

/** What stands for itself in the code that is written. */
const TAKEN: readonly string[] = [
  ...["contractFromProto", "OneOf", "ProtoFiles", "ProtoMethod", "ProtoOneway", "ProtoStream", "Service"],
  ...["Readonly", "ReadonlyMap", "Record", "Uint8Array"],
  ...[
    "any",
    "bigint",
    "boolean",
    "never",
    "null",
    "number",
    "object",
    "string",
    "symbol",
    "undefined",
    "unknown",
  ],
  ...[
    "void",
    "await",
    "break",
    "case",
    "catch",
    "class",
    "const",
    "continue",
    "debugger",
    "default",
    "delete",
    "do",
  ],
  ...[
    "else",
    "enum",
    "export",
    "extends",
    "false",
    "finally",
    "for",
    "function",
    "if",
    "implements",
    "import",
    "in",
  ],
  ...[
    "instanceof",
    "interface",
    "let",
    "new",
    "package",
    "private",
    "protected",
    "public",
    "return",
    "static",
  ],
  ...["super", "switch", "this", "throw", "true", "try", "type", "typeof", "var", "while", "with", "yield"],
];

/**
 * What messages and enums are called in TypeScript: those of the service's own package by their names in it, `Transfer`,
 * `Transfer_Line`; all others by their full names, `google_protobuf_Timestamp`. So no name depends on what else is there.
 */
export class TypeNames {
  readonly #package: string;
  readonly #taken: ReadonlySet<string>;
  readonly #names = new Map<string, Type | Enum>();

  /**
   * @param packageName the service's package; may be empty
   * @param own names that the code itself needs
   */
  constructor(packageName: string, own: readonly string[]) {
    this.#package = packageName;
    this.#taken = new Set([...TAKEN, ...own]);
  }

  /**
   * The name of a type.
   *
   * @throws {TypeError} when two types would have one
   */
  of(type: Type | Enum): string {
    const full = type.fullName.slice(1);
    const prefix = this.#package === "" ? "" : `${this.#package}.`;
    const plain = (full.startsWith(prefix) ? full.slice(prefix.length) : full).replaceAll(".", "_");
    const name = this.#taken.has(plain) ? `${plain}_` : plain;
    const known = this.#names.get(name) ?? type;
    if (known !== type) {
      throw new TypeError(
        `Cannot write types: ${
          known.fullName.slice(1)
        } and ${full} would both be "${name}"; rename one of them`,
      );
    }
    this.#names.set(name, type);
    return name;
  }
}
