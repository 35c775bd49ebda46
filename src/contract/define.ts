import { DEFAULT_SLOTS, MAX_CONTRACT_NAME, MAX_METHOD_NAME, QUEUES_PER_MASTER } from "./defaults.ts";
import type { Methods, Service, ServiceOptions } from "./types.ts";

const CONTRACT_NAME = /^[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*$/;
const METHOD_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** Names that JavaScript itself asks objects for: a proxy must not answer them. */
const FORBIDDEN_METHODS: ReadonlySet<string> = new Set(["then", "constructor", "__proto__", "toJSON"]);

/**
 * Defines a service: a contract whose actors are its methods. The name is the identity (a breaking change is a
 * new name, `bank.Payments.v2`), and methods are append-only, because their order chooses their queues.
 *
 * @param name letters, digits, `_` and `.`, at most 96 characters, no `-`
 * @param methods its methods by name
 * @param options slots, packing, foreign
 * @returns a frozen contract
 * @throws {TypeError} on an illegal name, an empty contract or a method that is not made by `method()`
 * @throws {RangeError} on slots outside 1 to 16
 */
export function defineService<M extends Methods>(
  name: string,
  methods: M,
  options: ServiceOptions = {},
): Service<M> {
  checkName(name);
  const names = Object.keys(methods);
  if (names.length === 0) {
    throw new TypeError(`Cannot define "${name}": a contract needs at least one method`);
  }
  for (const method of names) checkMethod(name, method, methods[method]);
  const slots = options.slots ?? DEFAULT_SLOTS;
  if (!Number.isInteger(slots) || slots < 1 || slots > QUEUES_PER_MASTER) {
    throw new RangeError(
      `Cannot define "${name}": 'slots' must be a whole number from 1 to ${QUEUES_PER_MASTER}: current value is ${slots}`,
    );
  }
  const foreign = options.foreign ?? false;
  return Object.freeze({
    kind: "service",
    name,
    methods: Object.freeze({ ...methods }),
    slots,
    packing: !foreign && (options.packing ?? true),
    foreign,
  });
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

function checkMethod(contract: string, name: string, value: unknown): void {
  if (!METHOD_NAME.test(name) || name.length > MAX_METHOD_NAME || FORBIDDEN_METHODS.has(name)) {
    throw new TypeError(
      `Cannot define "${contract}": "${name}" is no method name: write letters, digits and "_", ` +
        `at most ${MAX_METHOD_NAME} characters, and none of ${[...FORBIDDEN_METHODS].join(", ")}`,
    );
  }
  const made = typeof value === "object" && value !== null && "kind" in value && "settings" in value;
  if (!made) throw new TypeError(`Cannot define "${contract}": write method() for "${name}"`);
}
