import { startParts } from "./parts.ts";
import { RunningSystem } from "./running_system.ts";
import type { System, SystemOptions } from "./system.ts";

const SYSTEM_NAME = /^[A-Za-z0-9_.-]{1,64}$/;

/**
 * Starts a system on its transport.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { createSystem, defineService, embedded, method } from "rocket-actors";
 *
 * const Quotes = defineService("bank.Quotes", { fee: method<{ cents: number }, { fee: number }>({ safe: true }) });
 *
 * await using system = await createSystem({ name: "bank", transport: embedded() });
 * await system.serve(Quotes, { fee: ({ cents }) => ({ fee: Math.ceil(cents / 100) }) });
 *
 * assert.deepEqual(await system.client(Quotes).fee({ cents: 250 }), { fee: 3 });
 * ```
 *
 * @throws {TypeError} on an illegal name
 * @throws {RangeError} on restarts out of their range
 * @throws {RpcError} `unavailable` / `not_sent` when the transport cannot connect
 */
export async function createSystem(options: SystemOptions): Promise<System> {
  if (!SYSTEM_NAME.test(options.name)) {
    throw new TypeError(
      `Cannot start a system: its name must be letters, digits, "-", "_" and ".": current value is ${
        JSON.stringify(options.name)
      }`,
    );
  }
  const parts = await startParts(options.name, options.transport, options);
  return await RunningSystem.start(options, parts);
}
