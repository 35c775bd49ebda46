import {
  common,
  type Field,
  type Namespace,
  parse,
  type ReflectionObject,
  Root,
  Service,
  Type,
} from "../deps/protobufjs.ts";
import { SCALARS } from "../codec/protobuf_scalars.ts";
import { BUNDLED } from "./bundled.ts";
import { protoError, type ProtoPlace } from "./proto_error.ts";
import { ProtoPlaces } from "./proto_places.ts";

/** Texts of .proto files by the names under which they import each other. */
export type ProtoFiles = Readonly<Record<string, string>>;

/** The name of a file that was given as a text alone. */
const UNNAMED = "the .proto text";

/** What .proto files declare, and where. */
export class ProtoSchema {
  /** All of it, resolved. */
  readonly root: Root;
  readonly #places = new Map<string, ProtoPlaces>();

  /**
   * Reads files. Those of `google/protobuf/` that protobufjs brings along, `google/protobuf/descriptor.proto` and
   * `rocket_actors/options.proto` need not be given.
   *
   * @throws {TypeError} naming file and line, when one cannot be read, imports what is not given, or names what is nowhere
   */
  constructor(proto: string | ProtoFiles) {
    this.root = new Root();
    const files = new Map(Object.entries(filesOf(proto)));
    if (files.size === 0) {
      throw new TypeError("Cannot make a contract without .proto files: give at least one");
    }
    // What is imported is put behind, once.
    for (const [file, text] of files) this.#parse(file, text, files);
    for (const object of objectsIn(this.root)) this.#resolve(object);
    for (const { name, extend, filename } of this.root.deferred) {
      const file = filename ?? UNNAMED;
      const place = { file, line: this.#places.get(file)?.lineOfAny(name) };
      throw protoError(
        place,
        `there is no message "${extend}" to extend: correct the name, or import its file`,
      );
    }
    this.#finish([...files.keys()]);
  }

  /** All services, in the order of their files. */
  get services(): readonly Service[] {
    return [...objectsIn(this.root)].filter((object) => object instanceof Service);
  }

  /** Where a declaration stands: by its full name, or that of one of its fields or methods. */
  placeOf(object: ReflectionObject, member?: string): ProtoPlace {
    const name = object.fullName.slice(1) + (member === undefined ? "" : `.${member}`);
    const file = object.filename ?? UNNAMED;
    return { file, line: this.#places.get(file)?.lineOf(name) };
  }

  #parse(file: string, text: unknown, files: Map<string, unknown>): void {
    if (typeof text !== "string") throw protoError({ file }, "give its text");
    const places = new ProtoPlaces(text);
    this.#places.set(file, places);
    // What of the files that it brings along was imported is there already, or has no text.
    const { imports = [], weakImports = [] } = this.#parsed(file, text, places);
    for (const path of [...imports, ...weakImports]) {
      if (files.has(path)) continue;
      const bundled = BUNDLED.get(path);
      const known = common.get(path)?.nested;
      if (bundled !== undefined) files.set(path, bundled);
      else if (known !== undefined) this.root.addJSON(known);
      else {throw protoError(
          { file, line: places.lineOfImport(path) },
          `"${path}" is not among the files: give it too`,
        );}
    }
  }

  #parsed(file: string, text: string, places: ProtoPlaces): ReturnType<typeof parse> {
    try {
      Reflect.set(parse, "filename", file); // its declarations do not know of it
      return parse(text, this.root, { alternateCommentMode: true });
    } catch (error) {
      throw syntaxError(file, error, places);
    } finally {
      Reflect.set(parse, "filename", null);
    }
  }

  /** Looks up the types of fields and methods one by one: the parser would not say where the missing one is named. */
  #resolve(object: ReflectionObject): void {
    if (object instanceof Type) {
      for (const field of object.fieldsArray) this.#resolveField(object, field);
    } else if (object instanceof Service) {
      for (const { name, requestType, responseType } of object.methodsArray) {
        for (const type of [requestType, responseType]) {
          if (object.lookup(type, [Type]) === null) throw this.#missing(object, name, type, "message");
        }
      }
    }
  }

  #resolveField(type: Type, field: Field): void {
    if (SCALARS.has(field.type) || lookUp(type, field.type) !== null) return;
    const { protoName, name } = field;
    throw this.#missing(type, typeof protoName === "string" ? protoName : name, field.type, "type");
  }

  #missing(object: ReflectionObject, member: string, type: string, kind: string): TypeError {
    return protoError(
      this.placeOf(object, member),
      `there is no ${kind} "${type}": correct the name, or import and give the file that declares it`,
    );
  }

  #finish(files: readonly string[]): void {
    try {
      this.root.resolveAll();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new TypeError(`Cannot use ${files.join(", ")}: ${reason}`, { cause: error });
    }
  }
}

function filesOf(proto: unknown): Record<string, unknown> {
  if (typeof proto === "string") return { [UNNAMED]: proto };
  if (typeof proto === "object" && proto !== null && !Array.isArray(proto)) return { ...proto };
  throw new TypeError(
    "Cannot make a contract: give the text of a .proto file, or an object of texts by file name",
  );
}

/** Fields name messages and enums. */
function lookUp(type: Type, name: string): unknown {
  try {
    return type.lookupTypeOrEnum(name);
  } catch {
    return null;
  }
}

/** Messages and services of a namespace, at any depth, in the order of their declaration. */
function* objectsIn(namespace: Namespace): Generator<Type | Service> {
  for (const nested of namespace.nestedArray) {
    if (nested instanceof Type || nested instanceof Service) yield nested;
    if ("nestedArray" in nested) yield* objectsIn(nested as Namespace); // what has it is one
  }
}

/** The parser's words, with file and line where ours stand. */
function syntaxError(file: string, error: unknown, places: ProtoPlaces): TypeError {
  const message = error instanceof Error ? error.message : String(error);
  const [, before = message, line] = /^(.*?) \((?:[^()]*, )?line (\d+)\)$/s.exec(message) ?? [];
  const reason = before.replace(/^illegal (.*)$/s, "unexpected $1").replace(
    / 'null'$/,
    ", the file ends too early",
  );
  const at = line === undefined ? lineNamed(message, places) : Number(line);
  return protoError({ file, line: at }, reason, error);
}

/** The line of what a message such as "duplicate id 1 in Type .bank.Transfer" is about. */
function lineNamed(message: string, places: ProtoPlaces): number | undefined {
  const [, scope = ""] = / in \w+ \.?([\w.]+)$/.exec(message) ?? [];
  const [, name = ""] = /'([\w.]+)'/.exec(message) ?? [];
  return places.lineOfAny(`${scope}.${name}`) ?? places.lineOfAny(scope);
}
