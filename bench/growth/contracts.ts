import {
  defineEntity,
  defineService,
  type Entity,
  type Method,
  method,
  type Oneway,
  type Service,
} from "rocket-actors";
import type { Body } from "../broker/contract.ts";

const TIMEOUT_MS = 10_000;
const echo = method<Body, Body>({ safe: true, timeoutMs: TIMEOUT_MS });

/** A service with one method. */
export type EchoService = Service<{ readonly echo: Method<Body, Body> }>;

/** An echo in one slot, so that all queues of its topic are its own. */
export function echoService(name: string, packing: boolean): EchoService {
  return defineService(name, { echo }, { slots: 1, packing });
}

/** Many services that a system serves. */
export function echoServices(name: string, packing: boolean, count: number): EchoService[] {
  return Array.from(
    { length: count },
    (_, index) => defineService(`${name}_${index}`, { echo }, { packing }),
  );
}

/** An entity whose keys echo. */
export function echoEntity(name: string): Entity<{ readonly echo: Method<Body, Body> }> {
  return defineEntity(name, { echo });
}

/** A quick method and a slow one, in slots of their own: the first two declared are. */
export function neighbours(
  name: string,
): Service<{ readonly quick: Method<Body, Body>; readonly slow: Method<Body, Body> }> {
  return defineService(name, { quick: echo, slow: method<Body, Body>({ safe: true, timeoutMs: 30_000 }) });
}

/** One-way work that waits on the broker, and calls beside it, in another slot. */
export function backlogged(
  name: string,
): Service<{ readonly work: Oneway<Body>; readonly probe: Method<Body, Body> }> {
  return defineService(name, { work: method.oneway<Body>({ idempotent: true }), probe: echo });
}
