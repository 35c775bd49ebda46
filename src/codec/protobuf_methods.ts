import type { BodyPlace } from "./codec.ts";
import type { MessageKind } from "./protobuf_message.ts";
import type { Schema } from "./protobuf_schema.ts";

/** The messages of one method, by their full names such as `bank.Quote`; what is left out has no body. */
export interface ProtobufMethod {
  /** What it takes. */
  readonly input?: string | undefined;
  /** What it answers; of a stream, each item. */
  readonly output?: string | undefined;
  /** The details of the errors that it declares, by the errors' names. */
  readonly errors?: Readonly<Record<string, string>> | undefined;
}

interface Messages {
  readonly input: MessageKind | undefined;
  readonly output: MessageKind | undefined;
  readonly details: ReadonlyMap<string, MessageKind>;
}

const OPTIONS: readonly string[] = ["input", "output", "errors"];
const MAX_NAMES = 12;

/** Which message stands at which place of a contract. */
export class MethodTypes {
  readonly #schema: Schema;
  readonly #methods = new Map<string, Messages>();

  /**
   * Looks all names up.
   *
   * @throws {TypeError} when one is not in the schema
   */
  constructor(schema: Schema, methods: Readonly<Record<string, ProtobufMethod>>) {
    this.#schema = schema;
    for (const [name, method] of Object.entries(methods)) this.#methods.set(name, this.#read(name, method));
  }

  /**
   * The message at a place.
   *
   * @throws {TypeError} when there is none
   */
  of(place: BodyPlace | undefined, verb: "encode" | "decode"): MessageKind {
    if (place === undefined) {
      throw new TypeError(`Cannot ${verb} a body as Protobuf: say where in the contract it stands`);
    }
    const messages = this.#methods.get(place.method);
    const message = place.part === "details"
      ? messages?.details.get(place.error ?? "")
      : messages?.[place.part];
    if (message !== undefined) return message;
    throw new TypeError(`Cannot ${verb} ${naming(place)} as Protobuf: name its message in protobuf(…)`);
  }

  #read(name: string, method: ProtobufMethod): Messages {
    const unknown = Object.keys(method).find((option) => !OPTIONS.includes(option));
    if (unknown !== undefined) {
      throw new TypeError(
        `Cannot use "${unknown}" of "${name}": a method has "input", "output" and "errors"`,
      );
    }
    const details = new Map<string, MessageKind>();
    for (const [error, type] of Object.entries(method.errors ?? {})) {
      details.set(error, this.#message(type, `details of "${error}" of "${name}"`));
    }
    return {
      input: this.#optional(method.input, `input of "${name}"`),
      output: this.#optional(method.output, `output of "${name}"`),
      details,
    };
  }

  #optional(type: string | undefined, use: string): MessageKind | undefined {
    return type === undefined ? undefined : this.#message(type, use);
  }

  #message(type: unknown, use: string): MessageKind {
    if (typeof type !== "string") throw new TypeError(`Cannot set the ${use}: give the name of a message`);
    const message = this.#schema.message(type);
    if (message !== undefined) return message;
    const { names } = this.#schema;
    const some = names.slice(0, MAX_NAMES).join(", ") + (names.length > MAX_NAMES ? " …" : "");
    throw new TypeError(`Cannot use "${type}" as the ${use}: the schema's messages are ${some || "none"}`);
  }
}

function naming({ contract, method, part, error }: BodyPlace): string {
  const what = part === "details" ? `details of "${error ?? ""}"` : part;
  return `the ${what} of "${contract}.${method}"`;
}
