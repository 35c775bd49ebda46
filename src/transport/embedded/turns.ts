import { afterOthers } from "../../async/event_loop.ts";
import { EVENTS } from "../../log/events.ts";
import { logger } from "../../log/log.ts";
import { TURNS_AT_ONCE } from "./defaults.ts";

/** Something that has messages to hand out. */
export interface Deliverer {
  /** Whether its turn will come; kept by {@linkcode Turns}. */
  scheduled: boolean;
  /** Hands out what it can, a bounded number at a time. */
  deliver(): void;
}

const log = logger("transport");

/**
 * Lets deliverers have their turn, never from within the call that gave them something to deliver. A turn comes at once,
 * as a microtask, which costs next to nothing; but after a few of them timers and input are served first.
 */
export class Turns {
  #ready: Deliverer[] = [];
  #taken = 0;
  readonly #now = (): void => this.#run();
  readonly #afterOthers = (): void => {
    this.#taken = 0;
    this.#run();
  };

  /** Gives the deliverer a turn, unless it waits for one. */
  schedule(deliverer: Deliverer): void {
    if (deliverer.scheduled) return;
    deliverer.scheduled = true;
    this.#ready.push(deliverer);
    if (this.#ready.length > 1) return;
    if (this.#taken++ < TURNS_AT_ONCE) queueMicrotask(this.#now);
    else afterOthers(this.#afterOthers);
  }

  #run(): void {
    const ready = this.#ready;
    this.#ready = [];
    for (const deliverer of ready) {
      deliverer.scheduled = false;
      try {
        deliverer.deliver();
      } catch (error) {
        log.error(EVENTS.transport.listenerFailed, { error });
      }
    }
  }
}
