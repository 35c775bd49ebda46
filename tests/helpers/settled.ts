import assert from "node:assert/strict";
import { setImmediate } from "node:timers";
import type { Code } from "../../src/errors/code.ts";
import type { Outcome } from "../../src/errors/outcome.ts";
import { RpcError } from "../../src/errors/rpc_error.ts";

/** Lets everything that is ready to run do so: all microtasks, and what they set off, for a few turns. */
export async function turns(count = 3): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise<void>((resolve) => void setImmediate(resolve));
}

/** More than a slow machine takes for anything that tests wait for. Milliseconds. */
const UNTIL_LIMIT_MS = 60_000;

/** Waits, turn by turn, until `done` says so; fails when it has not for a minute. */
export async function until(done: () => boolean): Promise<void> {
  const limit = performance.now() + UNTIL_LIMIT_MS;
  while (!done()) {
    if (performance.now() > limit) assert.fail(`Not within ${UNTIL_LIMIT_MS} ms: ${done}`);
    await new Promise<void>((resolve) => void setTimeout(resolve, 1));
  }
}

/** The `RpcError` with which `promise` rejects. */
export async function failureOf(promise: Promise<unknown>): Promise<RpcError> {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof RpcError, `expected an RpcError, got ${String(error)}`);
    return error;
  }
  throw new assert.AssertionError({ message: "expected a failure, but the promise resolved" });
}

/** Asserts that `promise` rejects with that code and outcome, and returns the error. */
export async function assertFails(
  promise: Promise<unknown>,
  code: Code,
  outcome: Outcome,
): Promise<RpcError> {
  const failure = await failureOf(promise);
  assert.deepEqual([failure.code, failure.outcome], [code, outcome], failure.message);
  return failure;
}
