import type { Method } from "../deps/protobufjs.ts";
import { type Code, isCode } from "../errors/code.ts";
import { OPTIONS_FILE } from "./bundled.ts";
import { protoError, type ProtoPlace } from "./proto_error.ts";

/** An error that a method declares. */
export interface ErrorOption {
  /** Default: the simple name of its details. */
  readonly name: string | undefined;
  /** The message of its details, as it is written there. */
  readonly details: string | undefined;
  readonly code: Code | undefined;
}

/** What the options of an rpc say. */
export interface RpcOptions {
  readonly safe: boolean;
  readonly idempotent: boolean;
  readonly oneway: boolean;
  readonly key: string | undefined;
  readonly errors: readonly ErrorOption[];
  readonly timeoutMs: number | undefined;
  readonly minRemainingMs: number | undefined;
  readonly whenAbsent: "fail" | "wait" | undefined;
}

const OURS = /^\(\.?rocket_actors\.(\w+)\)(.*)$/;
const IDEMPOTENCY_LEVELS: readonly string[] = ["IDEMPOTENCY_UNKNOWN", "NO_SIDE_EFFECTS", "IDEMPOTENT"];
const NAMES: readonly string[] = ["oneway", "key", "error", "timeout_ms", "min_remaining_ms", "when_absent"];
const ERROR_FIELDS: readonly string[] = ["name", "details", "code"];

/**
 * Reads the options of an rpc: the standard `idempotency_level`, and those of `rocket_actors/options.proto`. Others are
 * somebody else's.
 *
 * @throws {TypeError} on an option of ours that there is not, is there twice, or has a value that it cannot have
 */
export function rpcOptions(method: Method, place: ProtoPlace): RpcOptions {
  const options = new Options(method, place);
  const level = options.idempotencyLevel();
  return {
    safe: level === "NO_SIDE_EFFECTS",
    idempotent: level === "NO_SIDE_EFFECTS" || level === "IDEMPOTENT",
    oneway: options.flag("oneway"),
    key: options.text("key"),
    errors: options.errors(),
    timeoutMs: options.number("timeout_ms"),
    minRemainingMs: options.number("min_remaining_ms"),
    whenAbsent: options.whenAbsent(),
  };
}

class Options {
  readonly #method: Method;
  readonly #place: ProtoPlace;
  readonly #values = new Map<string, unknown[]>();

  constructor(method: Method, place: ProtoPlace) {
    this.#method = method;
    this.#place = place;
    for (const option of method.parsedOptions ?? []) {
      for (const [name, value] of Object.entries(option)) this.#add(name, value);
    }
  }

  idempotencyLevel(): string | undefined {
    const { parsedOptions } = this.#method;
    const level: unknown = parsedOptions?.find((option) => "idempotency_level" in option)
      ?.["idempotency_level"];
    if (level === undefined || (typeof level === "string" && IDEMPOTENCY_LEVELS.includes(level))) {
      return level;
    }
    throw this.#wrong(`idempotency_level must be one of ${IDEMPOTENCY_LEVELS.join(", ")}`);
  }

  flag(name: string): boolean {
    const value = this.#one(name) ?? false;
    if (typeof value === "boolean") return value;
    throw this.#wrong(`(rocket_actors.${name}) must be true or false`);
  }

  text(name: string): string | undefined {
    const value = this.#one(name);
    if (value === undefined || (typeof value === "string" && value !== "")) return value;
    throw this.#wrong(`(rocket_actors.${name}) must be a text that is not empty`);
  }

  number(name: string): number | undefined {
    const value = this.#one(name);
    if (value === undefined || (typeof value === "number" && Number.isInteger(value))) return value;
    throw this.#wrong(`(rocket_actors.${name}) must be a whole number`);
  }

  whenAbsent(): "fail" | "wait" | undefined {
    const value = this.#one("when_absent");
    if (value === undefined || value === "WHEN_ABSENT_UNSPECIFIED") return undefined;
    if (value === "FAIL") return "fail";
    if (value === "WAIT") return "wait";
    throw this.#wrong("(rocket_actors.when_absent) must be FAIL or WAIT");
  }

  errors(): readonly ErrorOption[] {
    return (this.#values.get("error") ?? []).flat().map((value) => this.#error(value));
  }

  #error(value: unknown): ErrorOption {
    const example = '{ details: "InsufficientFunds", code: "failed_precondition" }';
    if (typeof value !== "object" || value === null) {
      throw this.#wrong(`(rocket_actors.error) must be a message, such as ${example}`);
    }
    const fields = new Map<string, unknown>(Object.entries(value));
    for (const [name, content] of fields) {
      if (!ERROR_FIELDS.includes(name) || typeof content !== "string" || content === "") {
        throw this.#wrong(
          `(rocket_actors.error) has texts named ${ERROR_FIELDS.join(", ")}, such as ${example}`,
        );
      }
    }
    const [name, details, code] = ERROR_FIELDS.map((field) => fields.get(field) as string | undefined); // checked above
    if (name === undefined && details === undefined) {
      throw this.#wrong(`(rocket_actors.error) needs a name or details, such as ${example}`);
    }
    if (code !== undefined && !isCode(code)) {
      throw this.#wrong(
        `"${code}" is no code: write one of the gRPC codes in lower case, such as "not_found"`,
      );
    }
    return { name, details, code };
  }

  #add(name: string, value: unknown): void {
    const [, own, rest] = OURS.exec(name) ?? [];
    if (own === undefined) return;
    if (!NAMES.includes(own) || rest !== "") {
      throw this.#wrong(`${name} is no option: those of an rpc are ${NAMES.join(", ")}`);
    }
    if (this.#method.root.lookup("rocket_actors.DeclaredError") === null) {
      throw this.#wrong(`write import "${OPTIONS_FILE}" into the file, since it uses ${name}`);
    }
    this.#values.set(own, [...this.#values.get(own) ?? [], value]);
  }

  #one(name: string): unknown {
    const values = this.#values.get(name) ?? [];
    if (values.length > 1) throw this.#wrong(`(rocket_actors.${name}) is there twice`);
    return values[0];
  }

  #wrong(what: string): TypeError {
    return protoError(this.#place, `rpc ${this.#method.name}: ${what}`);
  }
}
