import { isClosed } from "../codec/protobuf_enum.ts";
import { hasPresence } from "../codec/protobuf_schema.ts";
import { Enum, type Field, MapField, type OneOf, Type } from "../deps/protobufjs.ts";
import { applied, documented, fits } from "./layout.ts";
import type { TypeNames } from "./type_names.ts";

const WIDE = /^(?:[us]?int|s?fixed)64$/;
const WORDS: ReadonlyMap<string, string> = new Map([["bool", "boolean"], ["string", "string"], [
  "bytes",
  "Uint8Array",
]]);

/** Writes the types of messages as the codec gives them, and of all that they hold, each once, in order of first use. */
export class MessageTypes {
  readonly #names: TypeNames;
  readonly #written = new Map<Type | Enum, string>();

  /** @param names what they are called */
  constructor(names: TypeNames) {
    this.#names = names;
  }

  /** All declarations so far. */
  get declarations(): readonly string[] {
    return [...this.#written.values()];
  }

  /** Whether a declaration so far needs the type `OneOf`. */
  get hasOneofs(): boolean {
    return this.declarations.some((text) => text.includes("OneOf<{"));
  }

  /** The name of a type, which is declared from then on. */
  reference(type: Type | Enum): string {
    const name = this.#names.of(type);
    if (this.#written.has(type)) return name;
    // Its place first: messages may hold themselves.
    this.#written.set(type, "");
    this.#written.set(type, type instanceof Enum ? enumType(name, type) : this.#message(name, type));
    return name;
  }

  #message(name: string, type: Type): string {
    const doc = documented(type.comment ?? `The message ${type.fullName.slice(1)}.`);
    const oneofs = type.oneofsArray.filter((oneof) => !oneof.isProto3Optional);
    const plain = type.fieldsArray.filter((field) =>
      !oneofs.some((oneof) => oneof.fieldsArray.includes(field))
    );
    if (type.fieldsArray.length === 0) {
      return `${doc}\nexport type ${name} = Readonly<Record<string, never>>;`;
    }
    if (oneofs.length === 0) {
      return `${doc}\nexport interface ${name} {\n${this.#fields(plain, "  ")}\n}`;
    }
    const [only] = oneofs;
    if (plain.length === 0 && oneofs.length === 1 && only !== undefined) {
      return `${doc}\nexport type ${name} = ${this.#oneof(only, "")};`;
    }
    const parts = oneofs.map((oneof) => `  & ${this.#oneof(oneof, "  ")}`);
    if (plain.length > 0) parts.unshift(`  & {\n${this.#fields(plain, "    ")}\n  }`);
    return `${doc}\nexport type ${name} =\n${parts.join("\n")};`;
  }

  #oneof(oneof: OneOf, indent: string): string {
    const fields = oneof.fieldsArray.map((field) => this.#field(field, `${indent}  `, false));
    return `OneOf<{\n${fields.join("\n")}\n${indent}}>`;
  }

  #fields(fields: readonly Field[], indent: string): string {
    return fields.map((field) => this.#field(field, indent, isOptional(field))).join("\n");
  }

  #field(field: Field, indent: string, optional: boolean): string {
    const before = `${indent}readonly ${field.name}${optional ? "?" : ""}: `;
    const value = this.#value(field);
    const line = field instanceof MapField
      ? applied({ before, name: "ReadonlyMap", of: [scalar(field.keyType), value] })
      : `${before}${field.repeated ? `readonly ${value}[]` : value};`;
    return field.comment ? `${documented(field.comment, indent)}\n${line}` : line;
  }

  #value({ resolvedType, type }: Field): string {
    return resolvedType instanceof Type || resolvedType instanceof Enum
      ? this.reference(resolvedType)
      : scalar(type);
  }
}

/** Lists and maps are always there. */
function isOptional(field: Field): boolean {
  return hasPresence(field) && !field.required && !field.repeated && !field.map;
}

function scalar(type: string): string {
  return WIDE.test(type) ? "bigint" : WORDS.get(type) ?? "number";
}

function enumType(name: string, type: Enum): string {
  const full = type.fullName.slice(1);
  const closed = isClosed(type);
  const later = closed ? "" : " Values without a name are numbers.";
  const values = [
    ...Object.keys(type.values).map((value) => JSON.stringify(value)),
    ...(closed ? [] : ["number"]),
  ];
  const line = `export type ${name} = ${values.join(" | ")};`;
  const text = fits(line)
    ? line
    : `export type ${name} =\n${values.map((value) => `  | ${value}`).join("\n")};`;
  return `${documented(`${type.comment ?? `The enum ${full}.`}${later}`)}\n${text}`;
}
