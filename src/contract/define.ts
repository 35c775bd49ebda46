import type { Codec } from "../codec/codec.ts";
import { json } from "../codec/json.ts";
import { DEFAULT_SLOTS, MAX_CONTRACT_NAME, MAX_METHOD_NAME, QUEUES_PER_MASTER } from "./defaults.ts";
import { declaredErrors, FORBIDDEN_NAMES } from "./method.ts";
import type {
  AnyMethod,
  ContractOptions,
  Declared,
  DeclaredErrorSpec,
  Entity,
  Methods,
  Service,
  ServiceOptions,
} from "./types.ts";

const CONTRACT_NAME = /^[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*$/;
const METHOD_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const ENTITY_OPTIONS = ["codec", "errors", "packing", "indexCalls"];
const SERVICE_OPTIONS = [...ENTITY_OPTIONS, "slots", "foreign"];

/**
 * Defines a service: a contract whose actors are its methods. The name is the identity (a breaking change is a
 * new name, `bank.Payments.v2`), and methods are append-only, because their order chooses their queues.
 *
 * @param name letters, digits, `_` and `.`, at most 96 characters, no `-`
 * @param methods its methods by name
 * @param options codec, errors of all methods, slots, packing, foreign
 * @returns a frozen contract
 * @throws {TypeError} on an illegal name, an empty contract, a method that is not made by `method()`, an unknown
 * option or one of the wrong type
 * @throws {RangeError} on slots outside 1 to 16
 */
export function defineService<M extends Methods, E = never>(
  name: string,
  methods: M,
  options: ServiceOptions<E> = {},
): Service<M, Declared<E>> {
  const base = baseOf(name, methods, options, SERVICE_OPTIONS);
  const slots = options.slots ?? DEFAULT_SLOTS;
  if (!Number.isInteger(slots) || slots < 1 || slots > QUEUES_PER_MASTER) {
    throw new RangeError(
      `Cannot define "${name}": 'slots' must be a whole number from 1 to ${QUEUES_PER_MASTER}: current value is ${slots}`,
    );
  }
  const foreign = flag(name, "foreign", options.foreign, false);
  return Object.freeze({ ...base, kind: "service", slots, packing: !foreign && base.packing, foreign });
}

/**
 * Defines an entity: a contract whose actors are its keys. All methods of one key run one at a time, in the
 * order in which the broker stored their calls, on one instance. Each call names its key: `client.at(key)`.
 *
 * @param name letters, digits, `_` and `.`, at most 96 characters, no `-`
 * @param methods its methods by name; none of them has a `key` of its own
 * @param options codec, errors of all methods, packing
 * @returns a frozen contract
 * @throws {TypeError} on an illegal name, an empty contract, a method that is not made by `method()` or has a
 * `key`, an unknown option or one of the wrong type
 */
export function defineEntity<M extends Methods, E = never>(
  name: string,
  methods: M,
  options: ContractOptions<E> = {},
): Entity<M, Declared<E>> {
  const base = baseOf(name, methods, options, ENTITY_OPTIONS);
  for (const [method, { settings }] of Object.entries(methods)) {
    if (settings.key !== undefined) {
      throw new TypeError(
        `Cannot define "${name}": "${method}" has a 'key', but an entity's key is that of at()`,
      );
    }
  }
  // One slot: the queues of all keys are all queues of the topic.
  return Object.freeze({ ...base, kind: "entity", slots: 1, foreign: false });
}

interface Base<M> {
  readonly name: string;
  readonly methods: M;
  readonly codec: Codec;
  readonly packing: boolean;
  readonly indexCalls: "calls" | "pack";
}

function baseOf<M extends Methods, E>(
  name: string,
  methods: M,
  options: ContractOptions<E>,
  known: readonly string[],
): Base<M> {
  checkName(name);
  for (const option of Object.keys(options)) {
    if (!known.includes(option)) {
      throw new TypeError(
        `Cannot define "${name}": '${option}' is no option; write one of ${known.join(", ")}`,
      );
    }
  }
  const names = Object.keys(methods);
  if (names.length === 0) {
    throw new TypeError(`Cannot define "${name}": a contract needs at least one method`);
  }
  const shared = declaredErrors(options.errors);
  const complete: Record<string, AnyMethod> = {};
  for (const method of names) complete[method] = checkMethod(name, method, methods[method], shared);
  checkErrors(name, complete);
  return {
    name,
    // Entry by entry the declarations given, with the contract's errors among their own: of the same types.
    methods: Object.freeze(complete) as M,
    codec: codecOf(name, options.codec),
    packing: flag(name, "packing", options.packing, true),
    indexCalls: indexOf(name, options.indexCalls),
  };
}

function checkName(name: unknown): void {
  if (typeof name !== "string" || name.length > MAX_CONTRACT_NAME || !CONTRACT_NAME.test(name)) {
    throw new TypeError(
      `Cannot define a contract: its name must be letters, digits, "_" and single dots between them, ` +
        `at most ${MAX_CONTRACT_NAME} characters, such as "bank.Payments": current value is ${
          JSON.stringify(name)
        }`,
    );
  }
}

function checkMethod(
  contract: string,
  name: string,
  value: AnyMethod | undefined,
  shared: Readonly<Record<string, DeclaredErrorSpec>>,
): AnyMethod {
  if (!METHOD_NAME.test(name) || name.length > MAX_METHOD_NAME || FORBIDDEN_NAMES.has(name)) {
    throw new TypeError(
      `Cannot define "${contract}": "${name}" is no method name: write letters, digits and "_", ` +
        `at most ${MAX_METHOD_NAME} characters, and none of ${[...FORBIDDEN_NAMES].join(", ")}`,
    );
  }
  const made = typeof value === "object" && value !== null && "kind" in value && "settings" in value;
  if (!made) throw new TypeError(`Cannot define "${contract}": write method() for "${name}"`);
  if (value.kind === "oneway" || Object.keys(shared).length === 0) return value;
  for (const error of Object.keys(shared)) {
    const own = value.settings.errors[error];
    if (own !== undefined && own.details !== shared[error]?.details) throw twice(contract, error);
  }
  const settings = Object.freeze({
    ...value.settings,
    errors: Object.freeze({ ...shared, ...value.settings.errors }),
  });
  return Object.freeze({ ...value, settings });
}

/** One error name means one thing in a contract, or `failure.is(contract, name)` could not type its details. */
function checkErrors(contract: string, methods: Methods): void {
  const seen = new Map<string, DeclaredErrorSpec>();
  for (const { settings } of Object.values(methods)) {
    for (const [name, spec] of Object.entries(settings.errors)) {
      const known = seen.get(name);
      if (known !== undefined && (known.details !== spec.details || known.code !== spec.code)) {
        throw twice(contract, name);
      }
      seen.set(name, spec);
    }
  }
}

function twice(contract: string, error: string): TypeError {
  return new TypeError(
    `Cannot define "${contract}": the error "${error}" is declared twice; use one schema object and one code for both`,
  );
}

function flag(contract: string, name: string, value: unknown, fallback: boolean): boolean {
  if (value === undefined) return fallback;
  if (typeof value !== "boolean") {
    throw new TypeError(`Cannot define "${contract}": write true or false for '${name}'`);
  }
  return value;
}

function codecOf(contract: string, codec: Codec | undefined): Codec {
  if (codec === undefined) return json;
  const complete = typeof codec === "object" && codec !== null && typeof codec.contentType === "string" &&
    typeof codec.encode === "function" && typeof codec.decode === "function";
  if (!complete) {
    throw new TypeError(`Cannot define "${contract}": 'codec' is no codec; write json, msgpack, …`);
  }
  return codec;
}

function indexOf(contract: string, value: unknown): "calls" | "pack" {
  if (value === undefined) return "calls";
  if (value !== "calls" && value !== "pack") {
    throw new TypeError(`Cannot define "${contract}": write "calls" or "pack" for 'indexCalls'`);
  }
  return value;
}
