import type { Actor, AnyHandler } from "../src/call/handler.ts";
import type { Contract } from "../src/contract/types.ts";
import { isActor } from "./actor.ts";

/** What answers the calls of one method: a function, or an actor. */
export type MethodHandler =
  | { readonly kind: "function"; readonly handler: AnyHandler }
  | { readonly kind: "actor"; readonly actor: Actor<unknown> };

/**
 * Finds what answers each method of a service: on a plain object, or on an instance of a class, where methods come
 * from its prototypes and `this` is the instance.
 *
 * @throws {TypeError} when a handler is missing, or a plain object has one that belongs to no method
 */
export function handlersOf(contract: Contract, given: unknown): ReadonlyMap<string, MethodHandler> {
  if (typeof given !== "object" || given === null) {
    throw new TypeError(
      `Cannot serve "${contract.name}": write an object with a handler per method, or an instance of a class`,
    );
  }
  if (isPlain(given)) checkNames(contract, given);
  return new Map(Object.keys(contract.methods).map((method) => [method, handlerOf(contract, method, given)]));
}

/** The property of an object, its own or of its class; nothing that every object has. */
export function propertyOf(object: object, name: string): unknown {
  for (
    let at: object | null = object;
    at !== null && at !== Object.prototype;
    at = Object.getPrototypeOf(at)
  ) {
    if (Object.hasOwn(at, name)) return Reflect.get(at, name, object);
  }
  return undefined;
}

function handlerOf(contract: Contract, method: string, given: object): MethodHandler {
  const value = propertyOf(given, method);
  if (isActor(value)) return { kind: "actor", actor: value };
  if (typeof value !== "function") {
    throw new TypeError(
      `Cannot serve "${contract.name}": write a function or an actor() for method "${method}"`,
    );
  }
  return { kind: "function", handler: (input, context) => value.call(given, input, context) };
}

function checkNames(contract: Contract, given: object): void {
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(contract.methods, name)) {
      throw new TypeError(`Cannot serve "${contract.name}": it has no method "${name}"`);
    }
  }
}

function isPlain(object: object): boolean {
  const prototype = Object.getPrototypeOf(object);
  return prototype === null || prototype === Object.prototype;
}
