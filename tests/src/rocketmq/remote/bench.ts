import assert from "node:assert/strict";
import { systemClock } from "../../../../src/async/clock.ts";
import { TimerWheel } from "../../../../src/async/timer_wheel.ts";
import type { Command } from "../../../../src/rocketmq/remote/command.ts";
import { connect } from "../../../../src/rocketmq/remote/connect.ts";
import type { Connection } from "../../../../src/rocketmq/remote/connection.ts";
import type { ConnectionOptions } from "../../../../src/rocketmq/remote/connection_options.ts";
import { type Script, ScriptedPeer, type Session } from "../../../fault/scripted_peer.ts";

/** A connection to a scripted peer. */
export interface Bench {
  readonly peer: ScriptedPeer;
  readonly connection: Connection;
  readonly wheel: TimerWheel;
}

/** Runs a script against a connection; checks that nothing of its calls is left. */
export async function withPeer(
  script: Script,
  use: (bench: Bench) => Promise<void>,
  options: Partial<ConnectionOptions> = {},
): Promise<void> {
  await using peer = new ScriptedPeer(script);
  const wheel = new TimerWheel(systemClock);
  const connection = await connect(peer.address, { clock: systemClock, wheel, ...options });
  try {
    await use({ peer, connection, wheel });
    assert.equal(connection.pendingCalls, 0);
    assert.equal(wheel.size, 0);
  } finally {
    connection.close();
    await connection.closed;
    wheel.close();
  }
}

/** Longer than any test runs. */
export const LONG = { timeoutMs: 20_000 };
/** A request with nothing in it. */
export const request = (code: number): { code: number; fields: Record<string, string> } => ({
  code,
  fields: {},
});
/** Answers with code and body of the request. */
export function echo(session: Session): Promise<void> {
  return session.serve(({ code, body }) => ({ code, body }));
}

/** The kinds of error that calls ended with. */
export async function kinds(calls: Promise<Command>[]): Promise<unknown[]> {
  const results = await Promise.allSettled(calls);
  return results.map((result) => result.status === "rejected" && result.reason.kind);
}
