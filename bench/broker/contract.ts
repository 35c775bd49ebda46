import { defineService, method, type Service } from "rocket-actors";
import type { Method } from "rocket-actors";

/** What travels both ways. */
export interface Body {
  readonly seq: string;
  readonly pad: string;
}

/** The contract that is measured. */
export type Echo = Service<{ readonly echo: Method<Body, Body> }>;

/** The ways to call it: the defaults, one message per request, and a method that must not run twice. */
export const ECHO_KINDS = {
  ours: { safe: true, packing: true },
  unpacked: { safe: true, packing: false },
  marked: { safe: false, packing: true },
} as const;

/** One of them. */
export type EchoKind = keyof typeof ECHO_KINDS;

/**
 * Defines it.
 *
 * @param name its name, fresh for each run
 */
export function echoContract(name: string, kind: EchoKind): Echo {
  const { safe, packing } = ECHO_KINDS[kind];
  return defineService(name, { echo: method<Body, Body>({ safe, timeoutMs: 10_000 }) }, { packing });
}

/**
 * Reads the name of one.
 *
 * @throws {TypeError} on any other word
 */
export function echoKind(word: string | undefined): EchoKind {
  if (word === "ours" || word === "unpacked" || word === "marked") return word;
  throw new TypeError(`"${word}" is no way to call the echo`);
}

/** A body whose JSON has exactly `bytes` bytes. */
export function bodyOf(sequence: number, bytes: number): Body {
  const seq = String(sequence);
  return { seq, pad: "x".repeat(bytes - `{"seq":"${seq}","pad":""}`.length) };
}

const encoder = new TextEncoder();

/** The bytes of a body, for peers that leave its form to their users. */
export function encodeBody(body: Body): Uint8Array {
  return encoder.encode(JSON.stringify(body));
}
