import type { Clock } from "../async/clock.ts";
import type { Random } from "../async/random.ts";
import type { TimerWheel } from "../async/timer_wheel.ts";
import type { ServeObserver } from "../call/observer.ts";
import type { OutcomeStore } from "../store/outcome_store.ts";
import type { Transport } from "../transport/transport.ts";
import type { Replier } from "./replier.ts";

/** What the callee's side of a system is made of. */
export interface ServiceParts {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: Random;
  readonly wheel: TimerWheel;
  /** Where outcomes are remembered; its maker closes it. */
  readonly store?: OutcomeStore | undefined;
  /** Sends the replies of all services together; its maker closes it. Without one, a service has its own. */
  readonly replier?: Replier | undefined;
  /** Who sees the calls, where anybody does. */
  readonly observer?: ServeObserver | undefined;
}
