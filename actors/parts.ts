import { type Clock, systemClock } from "../src/async/clock.ts";
import { createIds, type NewId, type RandomBytes, systemRandomBytes } from "../src/async/ids.ts";
import { type Random, systemRandom } from "../src/async/random.ts";
import { TimerWheel } from "../src/async/timer_wheel.ts";
import { Caller } from "../src/client/caller.ts";
import { listenForReplies } from "../src/client/reply_listener.ts";
import { isWanted, type TelemetryOptions } from "../src/observe/options.ts";
import type { Telemetry } from "../src/observe/telemetry.ts";
import type { Transport } from "../src/transport/transport.ts";
import { VERSION } from "../src/services/version.ts";
import { WHEEL_LINGER_MS } from "./defaults.ts";
import { currentScope } from "./cells/call_scope.ts";
import { UntypedContracts } from "./untyped.ts";

/** Where a system's or a client's telemetry goes. */
export interface Observed {
  /**
   * Where its traces and metrics go; `false`: nowhere. Default: to whatever is registered with `@opentelemetry/api` when
   * it starts, as Deno's own support is with `OTEL_DENO=true`; without that nothing is recorded, and nothing loaded.
   */
  readonly telemetry?: TelemetryOptions | false | undefined;
}

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
  /** Who sees the calls, where anybody does. */
  readonly telemetry: Telemetry | undefined;
}

/** Starts the transport and puts the calling side on it. */
export async function startParts(
  name: string,
  transport: Transport,
  sources: Sources & Observed,
): Promise<Parts> {
  const clock = sources.clock ?? systemClock;
  const random = sources.random ?? systemRandom;
  const randomBytes = sources.randomBytes ?? systemRandomBytes;
  const instance = instanceNumber(randomBytes);
  const telemetry = await openTelemetry(sources.telemetry, clock, `${name}/${instance.toString(36)}`);
  await transport.start({ clock, random, instance });
  const wheel = new TimerWheel(clock, { lingerMs: WHEEL_LINGER_MS });
  const newId = createIds(clock, randomBytes);
  const from = `${name}/${instance.toString(36)}`;
  const observer = telemetry?.calls;
  const caller = new Caller({ transport, clock, random, wheel, newId, from, scope: currentScope, observer });
  transport.onDirect(listenForReplies(caller.pending, caller.owners, caller.streams));
  const untyped = new UntypedContracts();
  return { transport, clock, random, newId, wheel, caller, untyped, instance, telemetry };
}

/** Loaded only where there is anywhere for it to go. */
async function openTelemetry(
  options: TelemetryOptions | false | undefined,
  clock: Clock,
  self: string,
): Promise<Telemetry | undefined> {
  if (options === false || !isWanted(options)) return undefined;
  const { createTelemetry } = await import("../src/observe/telemetry.ts");
  return createTelemetry(options ?? {}, clock, self, VERSION);
}

/** 53 random bits, never 0: brokers keep it as the owner's number. */
function instanceNumber(randomBytes: RandomBytes): number {
  const bytes = new Uint8Array(8);
  randomBytes(bytes);
  const bits = new DataView(bytes.buffer).getBigUint64(0) >> 11n;
  return Number(bits === 0n ? 1n : bits);
}
