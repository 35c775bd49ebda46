import { type Clock, systemClock } from "../src/async/clock.ts";
import { createIds, type NewId, type RandomBytes, systemRandomBytes } from "../src/async/ids.ts";
import { type Random, systemRandom } from "../src/async/random.ts";
import { TimerWheel } from "../src/async/timer_wheel.ts";
import { Caller } from "../src/client/caller.ts";
import { listenForReplies } from "../src/client/reply_listener.ts";
import type { Transport } from "../src/transport/transport.ts";
import { WHEEL_LINGER_MS } from "./defaults.ts";
import { currentScope } from "./cells/call_scope.ts";
import { UntypedContracts } from "./untyped.ts";

/** Where time, randomness and ids come from. The defaults are the machine's own. */
export interface Sources {
  /** Time. */
  readonly clock?: Clock;
  /** Jitter and choices. */
  readonly random?: Random;
  /** Ids. */
  readonly randomBytes?: RandomBytes;
}

/** What every running system and client consists of. */
export interface Parts {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: Random;
  readonly newId: NewId;
  readonly wheel: TimerWheel;
  readonly caller: Caller;
  /** For calls by names alone. */
  readonly untyped: UntypedContracts;
  readonly instance: number;
}

/** Starts the transport and puts the calling side on it. */
export async function startParts(name: string, transport: Transport, sources: Sources): Promise<Parts> {
  const clock = sources.clock ?? systemClock;
  const random = sources.random ?? systemRandom;
  const randomBytes = sources.randomBytes ?? systemRandomBytes;
  const instance = instanceNumber(randomBytes);
  await transport.start({ clock, random, instance });
  const wheel = new TimerWheel(clock, { lingerMs: WHEEL_LINGER_MS });
  const newId = createIds(clock, randomBytes);
  const from = `${name}/${instance.toString(36)}`;
  const caller = new Caller({ transport, clock, random, wheel, newId, from, scope: currentScope });
  transport.onDirect(listenForReplies(caller.pending, caller.owners, caller.streams));
  return { transport, clock, random, newId, wheel, caller, untyped: new UntypedContracts(), instance };
}

/** 53 random bits, never 0: brokers keep it as the owner's number. */
function instanceNumber(randomBytes: RandomBytes): number {
  const bytes = new Uint8Array(8);
  randomBytes(bytes);
  const bits = new DataView(bytes.buffer).getBigUint64(0) >> 11n;
  return Number(bits === 0n ? 1n : bits);
}
