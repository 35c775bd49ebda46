import {
  common,
  Enum,
  type Field,
  type INamespace,
  MapField,
  Namespace,
  parse,
  Root,
  Type,
} from "../deps/protobufjs.ts";
import { ListKind, MapKind } from "./protobuf_collections.ts";
import { EnumKind } from "./protobuf_enum.ts";
import type { ValueKind } from "./protobuf_kind.ts";
import { type FieldPlan, MessageKind } from "./protobuf_message.ts";
import { SCALARS } from "./protobuf_scalars.ts";

/** What describes itself as a {@linkcode ProtobufDescriptor}: a `Root` of the package protobufjs. */
export interface ProtobufRoot {
  /** Gives the description. */
  toJSON(): unknown;
}

/** Types as the package protobufjs writes them in JSON: `pbjs -t json`. */
export interface ProtobufDescriptor {
  /** Packages, messages and enums by name. */
  readonly nested: Readonly<Record<string, unknown>>;
}

/**
 * Where message types come from: the text of one or more .proto files, whose field names become camelCase; or what
 * the package protobufjs has read already, in whichever version. The files of `google/protobuf/` that protobufjs brings
 * along (any, duration, empty, field_mask, struct, timestamp, wrappers) may be imported; others are to be given too.
 */
export type ProtobufSchema = string | readonly string[] | ProtobufRoot | ProtobufDescriptor;

const UNUSABLE_FIELD = "__proto__";

/** The message types of one schema. */
export class Schema {
  readonly #types = new Map<string, Type>();
  readonly #messages = new Map<Type, MessageKind>();
  readonly #enums = new Map<Enum, EnumKind>();
  /** Messages whose fields are still to be looked at. */
  readonly #undefined: { readonly type: Type; readonly message: MessageKind }[] = [];

  /**
   * Reads a schema. Keeps nothing of what it is given.
   *
   * @throws {TypeError} when it cannot be read, or names a type that is nowhere
   */
  constructor(schema: ProtobufSchema) {
    this.#collect(readRoot(schema));
  }

  /** The full names of all messages, sorted. */
  get names(): readonly string[] {
    return [...this.#types.keys()].sort();
  }

  /** The message of a full name, or `undefined`. */
  message(name: string): MessageKind | undefined {
    const type = this.#types.get(name.replace(/^\./, ""));
    if (type === undefined) return undefined;
    const message = this.#messageOf(type);
    // One after the other: each may name another one, and so on for thousands.
    for (let next = this.#undefined.pop(); next !== undefined; next = this.#undefined.pop()) {
      next.message.define(next.type.fieldsArray.map((field) => this.#plan(field)));
    }
    return message;
  }

  #collect(namespace: Namespace | Type): void {
    for (const nested of namespace.nestedArray) {
      if (nested instanceof Type) this.#types.set(nested.fullName.slice(1), nested);
      if (nested instanceof Type || nested instanceof Namespace) this.#collect(nested);
    }
  }

  #messageOf(type: Type): MessageKind {
    const known = this.#messages.get(type);
    if (known !== undefined) return known;
    const message = new MessageKind(type);
    this.#messages.set(type, message);
    this.#undefined.push({ type, message });
    return message;
  }

  #plan(field: Field): FieldPlan {
    const { name } = field;
    if (name === UNUSABLE_FIELD) {
      throw new TypeError(`Cannot use the message "${field.parent?.fullName.slice(1)}": rename "${name}"`);
    }
    return {
      name,
      kind: this.#fieldKind(field),
      presence: hasPresence(field),
      required: field.required,
      oneof: field.partOf?.name,
    };
  }

  #fieldKind(field: Field): ValueKind {
    const kind = this.#kindOf(field);
    if (field instanceof MapField) {
      // Keys are scalars always.
      const key = SCALARS.get(field.keyType);
      if (key === undefined) throw new TypeError(`Cannot use the map "${field.name}": no key of its type`);
      return new MapKind(field.keyType, key, kind);
    }
    return field.repeated ? new ListKind(kind) : kind;
  }

  #kindOf({ resolvedType, type, name }: Field): ValueKind {
    if (resolvedType instanceof Type) return this.#messageOf(resolvedType);
    if (resolvedType instanceof Enum) return this.#enumOf(resolvedType);
    const scalar = SCALARS.get(type);
    if (scalar === undefined) {
      throw new TypeError(`Cannot use the field "${name}": its type "${type}" is unknown`);
    }
    return scalar;
  }

  #enumOf(type: Enum): EnumKind {
    const known = this.#enums.get(type) ?? new EnumKind(type);
    this.#enums.set(type, known);
    return known;
  }
}

/** Whether "not there" differs from zero. The package says of messages only what .proto files do, which is nothing. */
export function hasPresence(field: Field): boolean {
  return Boolean(field.hasPresence) || field.resolvedType instanceof Type;
}

function readRoot(schema: ProtobufSchema): Root {
  try {
    if (typeof schema === "string") return parseTexts([schema]);
    if (Array.isArray(schema)) return parseTexts(schema);
    return Root.fromJSON(descriptorOf(schema) as INamespace); // it reads with care, and throws at what is none
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new TypeError(`Cannot read the Protobuf schema: ${reason}`, { cause: error });
  }
}

function parseTexts(texts: readonly unknown[]): Root {
  const root = new Root();
  const imports = new Set<string>();
  for (const text of texts) {
    if (typeof text !== "string") throw new TypeError("its parts must be texts of .proto files");
    const parsed = parse(text, root);
    for (const file of [...parsed.imports ?? [], ...parsed.weakImports ?? []]) imports.add(file);
  }
  for (const file of imports) {
    const bundled = common.get(file)?.nested;
    if (bundled !== undefined) root.addJSON(bundled);
  }
  root.resolveAll();
  return root;
}

/** A copy, since reading one changes it. */
function descriptorOf(schema: unknown): ProtobufDescriptor {
  const described: unknown = typeof schema === "object" && schema !== null && "toJSON" in schema &&
      typeof schema.toJSON === "function"
    ? schema.toJSON()
    : schema;
  if (isDescriptor(described)) return structuredClone(described);
  throw new TypeError(
    "it must be the text of a .proto file, several, or a Root or JSON descriptor of protobufjs",
  );
}

function isDescriptor(value: unknown): value is ProtobufDescriptor {
  return typeof value === "object" && value !== null && "nested" in value &&
    typeof value.nested === "object" && value.nested !== null;
}
