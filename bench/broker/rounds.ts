import { BrokerUnavailable } from "../../tests/broker/launcher.ts";
import { describeLoad } from "./load.ts";
import { measure, type Measured, type Pair } from "./pair.ts";
import { type PeerName, PEERS } from "./peers/peers.ts";
import type { RowKey } from "./row.ts";
import type { Servers } from "./servers/servers.ts";
import type { Settings } from "./settings.ts";

/** A pair with the name of its peer. */
export interface NamedPair {
  readonly name: PeerName;
  readonly pair: Pair;
}

/** Who runs, and who does not. */
export interface Peers {
  readonly pairs: readonly NamedPair[];
  /** Who does not, and why: a line each. Those that break down join them. */
  readonly leftOut: string[];
  /** Those of them that could be installed: something is wrong. */
  readonly brokeDown: PeerName[];
}

/** Peers that run until they are disposed. */
export interface StartedPeers extends Peers, AsyncDisposable {}

/** Starts the peers one after the other; those that cannot be installed here are left out. */
export async function startPeers(
  names: readonly PeerName[],
  servers: Servers,
  say: (line: string) => void,
): Promise<StartedPeers> {
  await using stack = new AsyncDisposableStack();
  const pairs: NamedPair[] = [];
  const leftOut: string[] = [];
  const brokeDown: PeerName[] = [];
  for (const name of names) {
    try {
      const fresh = `bench_${name.replace("-", "_")}_${Date.now().toString(36)}`;
      const pair = await PEERS[name].start(servers, fresh);
      for (const responder of pair.responders) stack.use(responder);
      stack.use(pair.requester);
      pairs.push({ name, pair });
    } catch (error) {
      const unavailable = error instanceof BrokerUnavailable;
      if (!unavailable) brokeDown.push(name);
      leftOut.push(`${name}: ${unavailable ? error.message : `does not start: ${inShort(error)}`}`);
      say(`left out: ${leftOut.at(-1)}`);
    }
  }
  const all = stack.move();
  return { pairs, leftOut, brokeDown, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

/** All windows of one row. */
export interface Found {
  readonly name: PeerName;
  readonly key: RowKey;
  readonly rounds: Measured[];
}

/** Measures all loads and bodies, round after round. Peers take turns, so that drift meets them alike. */
export async function runRounds(
  { pairs, leftOut, brokeDown }: Peers,
  settings: Settings,
  say: (line: string) => void,
): Promise<readonly Found[]> {
  const { bodies, loads } = settings;
  const found = bodies.flatMap((body) =>
    loads.flatMap((load) =>
      pairs.map(({ name }): Found => ({ name, key: { peer: name, load, body }, rounds: [] }))
    )
  );
  // Round 0 is for just-in-time compilers, which take seconds of full load, and does not count.
  for (let round = 0; round <= settings.rounds; round++) {
    for (const { name, key: { load, body }, rounds } of found) {
      const pair = pairs.find((one) => one.name === name)?.pair;
      if (pair === undefined || brokeDown.includes(name)) continue;
      const times = { warmUpMs: settings.warmUp * 1_000, measuredMs: settings.seconds * 1_000 };
      const what = `round ${round}: ${name}, ${body} bytes, ${describeLoad(load)}`;
      try {
        const measured = await measure(pair, { load, body, ...times });
        const { calls, seconds, p50Ms } = measured.window;
        say(`${what}: ${(calls / seconds).toFixed(0)} calls/s, p50 ${p50Ms.toFixed(2)} ms`);
        if (round > 0) rounds.push(measured);
      } catch (error) {
        // A peer that breaks down must not take an hour's figures with it.
        brokeDown.push(name);
        leftOut.push(`${what}, and from there on: ${inShort(error)}`);
        say(leftOut.at(-1) ?? "");
      }
    }
  }
  return found.filter(({ rounds }) => rounds.length > 0);
}

function inShort(error: unknown): string {
  return String(error).split("\n", 3).join(" ");
}
