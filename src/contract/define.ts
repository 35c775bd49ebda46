import type { Codec } from "../codec/codec.ts";
import { json } from "../codec/json.ts";
import { checkDeclaredOnce, type DeclaredErrors, declaredErrors, withShared } from "./declared_errors.ts";
import { DEFAULT_SLOTS, QUEUES_PER_MASTER } from "./defaults.ts";
import { checkContractName, checkMethodName } from "./names.ts";
import { checkOptions, flagOption, shown } from "./option.ts";
import type {
  AnyMethod,
  ContractOptions,
  Declared,
  Entity,
  Methods,
  MethodSettings,
  Service,
  ServiceOptions,
} from "./types.ts";

const ENTITY_OPTIONS = ["codec", "errors", "packing", "indexCalls"];
const SERVICE_OPTIONS = [...ENTITY_OPTIONS, "slots", "foreign"];
/** What `method()` fills in, of whichever copy of this library. */
const SETTINGS: readonly (keyof MethodSettings)[] = [
  "safe",
  "idempotent",
  "timeoutMs",
  "minRemainingMs",
  "whenAbsent",
  "input",
  "output",
  "errors",
  "key",
];

/**
 * Defines a service: a contract whose actors are its methods. The name is the identity (a breaking change is a
 * new name, `bank.Payments.v2`), and methods are append-only, because their order chooses their queues.
 *
 * @param name letters, digits, `_` and `.`, at most 96 characters, no `-`
 * @param methods its methods by name
 * @param options codec, errors of all methods, slots, packing, foreign
 * @returns a frozen contract
 * @throws {TypeError} on an illegal name, an empty contract, a method that is not made by `method()`, an unknown
 * option, one of the wrong type, or two that contradict each other
 * @throws {RangeError} on slots outside 1 to 16
 */
export function defineService<M extends Methods, E = never>(
  name: string,
  methods: M,
  options: ServiceOptions<E> = {},
): Service<M, Declared<E>> {
  const base = baseOf(name, methods, options, SERVICE_OPTIONS);
  const foreign = flagOption(`define "${name}"`, "foreign", options.foreign, false);
  if (foreign) checkForeign(name, base.methods, options);
  return Object.freeze({
    ...base,
    kind: "service",
    slots: slotsOf(name, options.slots),
    packing: !foreign && base.packing,
    foreign,
  });
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
 * `key`, an unknown option, one of the wrong type, or two that contradict each other
 */
export function defineEntity<M extends Methods, E = never>(
  name: string,
  methods: M,
  options: ContractOptions<E> = {},
): Entity<M, Declared<E>> {
  const base = baseOf(name, methods, options, ENTITY_OPTIONS);
  for (const [method, { settings }] of Object.entries(base.methods)) {
    if (settings.key !== undefined) {
      throw new TypeError(
        `Cannot define "${name}": "${method}" has a 'key', but an entity's key is that of at(): leave 'key' out`,
      );
    }
  }
  // One slot: the queues of all keys are all queues of the topic.
  return Object.freeze({ ...base, kind: "entity", slots: 1, foreign: false });
}

interface Base<M> {
  readonly name: string;
  readonly methods: Readonly<M>;
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
  checkContractName(name);
  const doing = `define "${name}"`;
  checkOptions(doing, options, known);
  const packing = flagOption(doing, "packing", options.packing, true);
  return {
    name,
    // Entry by entry the declarations given, with the contract's errors among their own: of the same types.
    methods: completed(name, methods, declaredErrors(doing, options.errors)) as M,
    codec: codecOf(name, options.codec),
    packing,
    indexCalls: indexOf(name, options.indexCalls, packing),
  };
}

function completed(contract: string, methods: Methods, shared: DeclaredErrors): Methods {
  const names = typeof methods === "object" && methods !== null ? Object.keys(methods) : [];
  if (names.length === 0) {
    throw new TypeError(
      `Cannot define "${contract}": a contract needs at least one method, such as { ping: method() }`,
    );
  }
  const complete: Record<string, AnyMethod> = {};
  for (const name of names) complete[name] = withErrors(contract, name, methods[name], shared);
  const settings = Object.values(complete).map((declared) => declared.settings.errors);
  checkDeclaredOnce(contract, settings);
  if (Object.keys(shared).length > 0 && !Object.values(complete).some(answers)) {
    throw new TypeError(
      `Cannot define "${contract}": leave 'errors' out: all of its methods are one-way, and nobody gets their answers`,
    );
  }
  return Object.freeze(complete);
}

/** The declaration, with the contract's errors among its own. */
function withErrors(
  contract: string,
  name: string,
  value: AnyMethod | undefined,
  shared: DeclaredErrors,
): AnyMethod {
  checkMethodName(contract, name);
  if (!isMethod(value)) {
    throw new TypeError(
      `Cannot define "${contract}": write method(), method.oneway() or method.stream() for "${name}"`,
    );
  }
  if (!answers(value)) return value;
  const errors = withShared(contract, value.settings.errors, shared);
  return Object.freeze({ ...value, settings: Object.freeze({ ...value.settings, errors }) });
}

function answers(method: AnyMethod): boolean {
  return method.kind !== "oneway";
}

function isMethod(value: unknown): value is AnyMethod {
  if (typeof value !== "object" || value === null || !("kind" in value) || !("settings" in value)) {
    return false;
  }
  const { kind, settings } = value;
  return (kind === "call" || kind === "oneway" || kind === "stream") && typeof settings === "object" &&
    settings !== null &&
    SETTINGS.every((name) => name in settings);
}

/** A plain responder knows nothing of what only our own instances do. */
function checkForeign<E>(name: string, methods: Methods, options: ServiceOptions<E>): void {
  const contradictions: readonly (readonly [given: boolean, option: string])[] = [
    [options.packing === true, "packing"],
    [options.slots !== undefined, "slots"],
    [options.indexCalls !== undefined, "indexCalls"],
    [Object.values(methods).some(({ settings }) => settings.minRemainingMs > 0), "minRemainingMs"],
    [Object.values(methods).some(({ kind }) => kind === "stream"), "method.stream()"],
  ];
  for (const [given, option] of contradictions) {
    if (given) {
      throw new TypeError(
        `Cannot define "${name}": leave '${option}' out: a foreign contract is served by a plain responder, which has none of it`,
      );
    }
  }
}

function slotsOf(contract: string, slots: unknown): number {
  if (slots === undefined) return DEFAULT_SLOTS;
  if (typeof slots !== "number" || !Number.isInteger(slots) || slots < 1 || slots > QUEUES_PER_MASTER) {
    throw new RangeError(
      `Cannot define "${contract}": 'slots' must be a whole number from 1 to ${QUEUES_PER_MASTER}: current value is ${
        shown(slots)
      }`,
    );
  }
  return slots;
}

function codecOf(contract: string, codec: unknown): Codec {
  if (codec === undefined) return json;
  if (!isCodec(codec)) {
    throw new TypeError(
      `Cannot define "${contract}": 'codec' must be a codec, with contentType, encode() and decode()`,
    );
  }
  return codec;
}

function isCodec(value: unknown): value is Codec {
  return typeof value === "object" && value !== null && "contentType" in value &&
    typeof value.contentType === "string" && "encode" in value && typeof value.encode === "function" &&
    "decode" in value && typeof value.decode === "function";
}

function indexOf(contract: string, value: unknown, packing: boolean): "calls" | "pack" {
  if (value === undefined) return "calls";
  if (value !== "calls" && value !== "pack") {
    throw new TypeError(
      `Cannot define "${contract}": 'indexCalls' must be "calls" or "pack": current value is ${shown(value)}`,
    );
  }
  if (!packing) {
    throw new TypeError(
      `Cannot define "${contract}": leave 'indexCalls' out: without 'packing' there are no packs`,
    );
  }
  return value;
}
