import assert from "node:assert/strict";
import { TimerWheel } from "../../../../src/async/timer_wheel.ts";
import { connect } from "../../../../src/rocketmq/remote/connect.ts";
import type { Connection } from "../../../../src/rocketmq/remote/connection.ts";
import { type Script, ScriptedPeer } from "../../../fault/scripted_peer.ts";
import { ManualClock } from "../../../helpers/manual_clock.ts";
import { kinds, request } from "./bench.ts";

const TIMEOUT = { timeoutMs: 3_000 };

/** A connection whose time stands still until it is told to go on. */
async function withStillTime(
  script: Script,
  use: (connection: Connection, clock: ManualClock) => Promise<void>,
): Promise<void> {
  const clock = new ManualClock();
  const wheel = new TimerWheel(clock);
  await using peer = new ScriptedPeer(script);
  const connection = await connect(peer.address, { clock, wheel, silenceLimitMs: 10_000 });
  try {
    await use(connection, clock);
  } finally {
    connection.close();
    await connection.closed;
    wheel.close();
  }
}

/** Calls, and lets the time of the call run out. */
async function inVain(connection: Connection, clock: ManualClock): Promise<unknown> {
  const call = kinds([connection.call(request(34), TIMEOUT)]);
  // Lets the frame be written.
  await new Promise((resolve) => setTimeout(resolve, 0));
  clock.advance(TIMEOUT.timeoutMs + 20);
  return (await call)[0];
}

Deno.test("Connection is given up when calls time out and nothing comes for its limit", async () => {
  await withStillTime(async (session) => {
    for (;;) await session.next();
  }, async (connection, clock) => {
    for (let call = 0; call < 3; call++) {
      assert.equal(await inVain(connection, clock), "unknown");
      assert.equal(connection.open, true);
    }
    const other = kinds([connection.call(request(11), { timeoutMs: 30_000 })]);
    await inVain(connection, clock);
    assert.deepEqual(await other, ["unknown"]);
    assert.match((await connection.closed)?.message ?? "", /was given up after 1\d{4} ms without an answer/);
  });
});

Deno.test("Connection stays when something came meanwhile, or when nothing was asked", async () => {
  await withStillTime(async (session) => {
    for (;;) {
      const command = await session.next();
      if (command.code === 28) await session.answer(command, { code: 0 });
    }
  }, async (connection, clock) => {
    // One that is held for long says nothing about the others.
    const held = kinds([connection.call(request(11), { timeoutMs: 30_000 })]);
    for (let round = 0; round < 4; round++) {
      assert.equal(await inVain(connection, clock), "unknown");
      await connection.call(request(28), TIMEOUT);
      await inVain(connection, clock);
      await inVain(connection, clock);
      await connection.call(request(28), TIMEOUT);
      clock.advance(1_000);
      await connection.call(request(28), TIMEOUT);
      clock.advance(60_000);
      await connection.call(request(28), TIMEOUT);
    }
    assert.deepEqual(await held, ["unknown"]);
    assert.equal(connection.open, true);
  });
});
