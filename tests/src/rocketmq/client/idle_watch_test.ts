import assert from "node:assert/strict";
import { RocketMqClient } from "../../../../src/rocketmq/client/client.ts";
import { IDLE_LIMIT_MS, IdleWatch } from "../../../../src/rocketmq/client/idle_watch.ts";
import type { ConnectionEvent } from "../../../../src/rocketmq/client/peer.ts";
import { ScriptedPeer } from "../../../fault/scripted_peer.ts";
import { ManualClock } from "../../../helpers/manual_clock.ts";

/** A connection that was used just now may be idle for this long: less than servers allow. */
const LONGEST_MS = 1.25 * IDLE_LIMIT_MS;

/** A connection as it is watched. */
class Watched {
  frames = 1;
  pendingCalls = 0;
  closed = false;

  close(): void {
    this.closed = true;
  }
}

Deno.test("IdleWatch closes a connection after its limit without a frame", () => {
  const clock = new ManualClock();
  const connection = new Watched();
  new IdleWatch(connection, clock);
  clock.advance(IDLE_LIMIT_MS - 1);
  assert.equal(connection.closed, false);
  clock.advance(1);
  assert.ok(LONGEST_MS < 120_000);
  assert.equal(connection.closed, true);
  assert.equal(clock.timers, 0);
});

Deno.test("IdleWatch leaves alone what is used or waits for an answer", () => {
  const clock = new ManualClock();
  const connection = new Watched();
  const watch = new IdleWatch(connection, clock);
  for (let round = 0; round < 4; round++) {
    clock.advance(IDLE_LIMIT_MS - 1);
    connection.frames++;
  }
  connection.pendingCalls = 1;
  clock.advance(3 * IDLE_LIMIT_MS);
  assert.equal(connection.closed, false);
  watch.stop();
  assert.equal(clock.timers, 0);
});

Deno.test("RocketMqClient closes what it does not keep, and says that nothing broke", async () => {
  const clock = new ManualClock();
  await using peer = new ScriptedPeer((session) => session.serve(({ code }) => ({ code })));
  const client = new RocketMqClient({ nameServers: peer.address, clientId: "c", clock });
  const events: ConnectionEvent[] = [];
  client.onConnection((event) => events.push(event));
  await client.request(peer.address, { code: 28, fields: {} });
  clock.advance(LONGEST_MS);
  await peer.sessions[0]?.closed;
  assert.deepEqual(events.map(({ state, error }) => [state, error]), [["connected", undefined], [
    "lost",
    undefined,
  ]]);
  assert.equal((await client.request(peer.address, { code: 29, fields: {} })).code, 29);
  client.keep(peer.address);
  clock.advance(3 * IDLE_LIMIT_MS);
  assert.equal(client.isConnected(peer.address), true);
  client.release(peer.address);
  clock.advance(LONGEST_MS);
  await peer.sessions[1]?.closed;
  assert.equal(client.isConnected(peer.address), false);
  await client.close();
  assert.equal(clock.timers, 0);
});
