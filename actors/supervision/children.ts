import type { Clock } from "../../src/async/clock.ts";
import { createDeferred } from "../../src/async/deferred.ts";
import type { Random } from "../../src/async/random.ts";
import { EVENTS } from "../../src/log/events.ts";
import { logger } from "../../src/log/log.ts";
import { Abandoned } from "./abandoned.ts";
import type { ChildSpec, Exit } from "./child.ts";
import { Incarnation, type IncarnationEvents } from "./incarnation.ts";
import { Slot, type SlotOptions } from "./slot.ts";
import { checkSpec, type Supervision } from "./supervision.ts";

/** What {@linkcode Children} are made of. */
export interface ChildrenOptions {
  /** The supervisor's id, for logs. */
  readonly supervisor: string;
  readonly supervision: Supervision;
  readonly clock: Clock;
  readonly random: Random;
  /** A child ended by itself; called from within the child's report. */
  readonly onExit: (life: Incarnation, exit: Exit) => void;
}

const log = logger("supervisor");

/**
 * The children of one supervisor in their order: starts and stops them, and decides nothing. Calls that start or stop
 * follow each other; {@linkcode Children.hurry} and {@linkcode Children.interrupt} may come at any time.
 */
export class Children {
  readonly abandoned = new Abandoned();
  /** In the order in which they start: a map keeps the order of insertion. */
  readonly #slots = new Map<string, Slot>();
  readonly #options: ChildrenOptions;
  readonly #slotOptions: SlotOptions;
  readonly #events: IncarnationEvents;
  #hurried = false;
  #onHurry: (() => void) | undefined;

  constructor(options: ChildrenOptions) {
    this.#options = options;
    this.#slotOptions = {
      ...options,
      onListenerFailed: (slot, error) =>
        log.error(EVENTS.supervisor.listenerFailed, this.names(slot, { error })),
    };
    this.#events = {
      exited: options.onExit,
      stopFailed: ({ checked }, error) =>
        log.warn(EVENTS.supervisor.stopFailed, this.names(checked, { error })),
      abandoned: (life, what, ms) => {
        this.abandoned.add(life, life.checked.id);
        log.error(EVENTS.supervisor.childAbandoned, this.names(life.checked, { what, ms }));
      },
      abandonedEnded: (life) => {
        this.abandoned.ended(life);
        log.info(EVENTS.supervisor.abandonedEnded, this.names(life.checked));
      },
    };
  }

  /** The slot of that id. */
  get(id: string): Slot | undefined {
    return this.#slots.get(id);
  }

  /** All slots in their order. */
  all(): Slot[] {
    return [...this.#slots.values()];
  }

  /** A slot and all behind it. */
  from(first: Slot): Slot[] {
    const slots = this.all();
    return slots.slice(slots.indexOf(first));
  }

  /** Makes a slot behind all others, and starts nothing. Throws when the spec is wrong or its id taken. */
  add(spec: ChildSpec): Slot {
    const slot = new Slot(checkSpec(spec), this.#slotOptions);
    const { supervisor } = this.#options;
    if (this.#slots.has(slot.id)) {
      throw new TypeError(`Cannot add "${slot.id}" to supervisor "${supervisor}": it has a child of that id`);
    }
    this.#slots.set(slot.id, slot);
    return slot;
  }

  /** Forgets a slot. */
  drop(slot: Slot): void {
    slot.enter("stopped");
    this.#slots.delete(slot.id);
  }

  /** Starts a child. Rejects as its start does; the slot then has no incarnation and still says `starting`. */
  async start(slot: Slot): Promise<void> {
    const life = slot.life = new Incarnation(slot.checked, this.#options.clock, this.#events);
    slot.starts++;
    slot.enter("starting");
    try {
      await life.start();
    } catch (error) {
      slot.life = undefined;
      throw error;
    }
    slot.enter("running");
    log.debug(EVENTS.supervisor.childStarted, this.names(slot));
  }

  /** Stops the children of these slots in reverse, one after the other; at once, unfinished, when hurried. */
  async stop(slots: readonly Slot[]): Promise<void> {
    for (const slot of [...slots].reverse()) {
      if (slot.life !== undefined) await this.#untilHurried(this.#stopOne(slot, slot.life));
    }
  }

  /** Stops all children in reverse; resolves when none is left that was not abandoned. */
  async stopAll(): Promise<void> {
    const slots = this.all();
    await this.stop(slots);
    // Hurried, all were told, and have not ended yet.
    await Promise.all(slots.map((slot) => slot.life && this.#stopOne(slot, slot.life)));
    for (const slot of slots) slot.enter("stopped");
  }

  /** Gives the start under way up, if there is one. */
  interrupt(): void {
    for (const slot of this.#slots.values()) {
      if (slot.state === "starting") void slot.life?.stop(this.#hurried);
    }
  }

  /** From now on no child has time to stop. */
  hurry(): void {
    this.#hurried = true;
    for (const slot of this.#slots.values()) slot.life?.hurry();
    this.#onHurry?.();
  }

  /** What a log record says about a child. */
  names(child: { readonly id: string }, more?: Readonly<Record<string, unknown>>): Record<string, unknown> {
    return { supervisor: this.#options.supervisor, child: child.id, ...more };
  }

  async #stopOne(slot: Slot, life: Incarnation): Promise<void> {
    slot.enter("stopping");
    await life.stop(this.#hurried);
    if (slot.life === life) slot.life = undefined;
  }

  #untilHurried(work: Promise<void>): Promise<void> {
    if (this.#hurried) return Promise.resolve();
    const either = createDeferred<void>();
    this.#onHurry = () => either.resolve();
    return Promise.race([work, either.promise]).finally(() => this.#onHurry = undefined);
  }
}
