import { Enum, type Field, type Type } from "../deps/protobufjs.ts";
import { protoError, type ProtoPlace } from "./proto_error.ts";

const WHOLE = /^(?:[us]?int|s?fixed)(?:32|64)$/;

/**
 * Makes the function that gives the key of an input: the value of one of its fields as a text. Both ends get the same,
 * whether a field was left out or is zero, whether an integer is a number or a bigint, an enum a name or a number.
 *
 * @param path `from`, or `order.id` of a message in it, as written in the file
 * @throws {TypeError} when there is no such field, or its values make no keys
 */
export function keyOfField(input: Type, path: string, place: ProtoPlace): (input: unknown) => string {
  const names: string[] = [];
  let type: Type | undefined = input;
  let last: Field | undefined;
  for (const step of path.split(".")) {
    last = type?.fieldsArray.find((field) => field.protoName === step || field.name === step);
    if (last === undefined) {
      throw protoError(place, `(rocket_actors.key): ${input.name} has no field "${path}"`);
    }
    if (last.repeated || last.map) break;
    names.push(last.name);
    type = messageOf(last);
  }
  const text = last === undefined ? undefined : textOf(last);
  if (text === undefined) {
    throw protoError(
      place,
      `(rocket_actors.key): "${path}" must be a field with one text, whole number or enum value, not repeated`,
    );
  }
  return (value) => text(valueAt(value, names));
}

function messageOf({ resolvedType }: Field): Type | undefined {
  return resolvedType === null || resolvedType instanceof Enum ? undefined : resolvedType;
}

/** How a field's values are written as keys; of what is left out, its zero. */
function textOf({ type, resolvedType, repeated, map }: Field): ((value: unknown) => string) | undefined {
  if (repeated || map) return undefined;
  if (resolvedType instanceof Enum) return enumText(resolvedType);
  if (type === "string") return (value = "") => String(value);
  // -0 and 0 are one integer.
  if (WHOLE.test(type)) return (value = 0) => String(value === 0 ? 0 : value);
  return undefined;
}

/** Of the names of a number the first, as the codec gives them. */
function enumText({ values }: Enum): (value: unknown) => string {
  const names = new Map<unknown, string>();
  for (const [name, number] of Object.entries(values)) if (!names.has(number)) names.set(number, name);
  const [first = 0] = names.keys();
  return (value = first) => {
    const number = typeof value === "string" ? values[value] : value;
    return names.get(number) ?? String(value);
  };
}

function valueAt(value: unknown, names: readonly string[]): unknown {
  let at = value;
  for (const name of names) {
    // As the codec: what an input inherits is none of its fields, whatever they are called.
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, name)) return undefined;
    at = Reflect.get(at, name);
  }
  return at;
}
