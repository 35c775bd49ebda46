import { defineService, method, type Service } from "rocket-actors";
import type { Method } from "rocket-actors";

/** What travels both ways. */
export interface Body {
  readonly seq: string;
  readonly pad: string;
}

/** The contract that is measured. */
export type Echo = Service<{ readonly echo: Method<Body, Body> }>;

/**
 * Defines it.
 *
 * @param name its name, fresh for each run
 * @param packing whether calls travel together: the default, or switched off
 */
export function echoContract(name: string, packing: boolean): Echo {
  return defineService(name, { echo: method<Body, Body>({ safe: true, timeoutMs: 10_000 }) }, { packing });
}

/** A body whose JSON has exactly `bytes` bytes. */
export function bodyOf(sequence: number, bytes: number): Body {
  const seq = String(sequence);
  return { seq, pad: "x".repeat(bytes - `{"seq":"${seq}","pad":""}`.length) };
}
