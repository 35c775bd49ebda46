import assert from "node:assert/strict";
import { measure } from "../../bench/broker/pair.ts";
import { type PeerName, PEERS } from "../../bench/broker/peers/peers.ts";
import type { Servers } from "../../bench/broker/servers/servers.ts";

const TIMES = { warmUpMs: 100, measuredMs: 1_000 } as const;

/** Starts a peer and checks that calls come back in either kind of load, and that what they cost is known. */
export async function smoke(name: PeerName, servers: Servers): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const fresh = `smoke_${name.replace("-", "_")}_${crypto.randomUUID().slice(0, 8)}`;
  const pair = await PEERS[name].start(servers, fresh);
  for (const program of [pair.requester, ...pair.responders]) stack.use(program);
  const closed = await measure(pair, { load: { kind: "closed", inFlight: 4 }, body: 1_024, ...TIMES });
  const open = await measure(pair, { load: { kind: "open", perSecond: 100 }, body: 128, ...TIMES });
  for (const { window, residentBytes } of [closed, open]) {
    assert.equal(window.failed, 0, window.anError);
    assert.ok(window.p999Ms >= window.p99Ms && window.p99Ms >= window.p50Ms);
    assert.ok(Deno.build.os !== "linux" || (residentBytes.requester ?? 0) > 0);
  }
  assert.ok(closed.window.calls > 0 && closed.window.p50Ms > 0);
  // So many are due, or a few less where the machine is busy: but all are accounted for.
  assert.ok(open.window.p50Ms > 0 && open.window.calls <= 110, `${open.window.calls}`);
}
