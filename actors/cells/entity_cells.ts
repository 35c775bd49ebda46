import type { Clock, Timer } from "../../src/async/clock.ts";
import { inTime, TOO_LATE } from "../../src/async/in_time.ts";
import { addressOf } from "../../src/call/address.ts";
import type { InboundCall } from "../../src/call/inbound.ts";
import { RpcError } from "../../src/errors/rpc_error.ts";
import { EVENTS } from "../../src/log/events.ts";
import { logger } from "../../src/log/log.ts";
import { ActorCell } from "./actor_cell.ts";
import { TakenBack } from "./lives.ts";
import type { ActorKeeper, ActorOptions } from "./actor_keeper.ts";
import type { Exit, Restart } from "../supervision/child.ts";
import { IdleList } from "./idle_list.ts";
import { refuse } from "./refuse.ts";
import { RestartLimit } from "../supervision/restart_limit.ts";
import type { Supervision } from "../supervision/supervision.ts";
import { notStarted, suspended } from "./suspended.ts";
import { Troubles } from "./troubles.ts";

/** How the cells of an entity are kept. */
export interface EntityLimits {
  readonly supervision: Supervision;
  readonly restart: Restart;
  /** How long a factory may take, in milliseconds. */
  readonly startMs: number;
  readonly passivateAfterMs: number;
  /** Keys that live at once. */
  readonly maxCells: number;
}

/** What an entity's cells are made of. */
export interface EntityCellsOptions extends Omit<ActorOptions, "keeper"> {
  readonly limits: EntityLimits;
  /** Told once that the entity gives up: its restarts are spent, and it escalates. */
  readonly onGiveUp: (error: Error) => void;
}

/** Stop hooks of passivated cells that run at once. */
const PASSIVATIONS_AT_ONCE = 256;
/** Where hooks take their time, so large a part of the cells is passivated together to make room. */
const ROOM_SHARE = 64;

const log = logger("actor");

/**
 * The cells of an entity by key: made by the first call, passivated when they have been idle for a while or others
 * need the room, disposed with their partition. One that fails is started again by its next call after a wait; the
 * restarts of all keys together are limited, and past the limit a key that fails is suspended alone.
 */
export class EntityCells implements ActorKeeper {
  readonly retries: boolean;
  readonly #options: EntityCellsOptions;
  readonly #cellOptions: ActorOptions;
  readonly #clock: Clock;
  readonly #cells = new Map<string, ActorCell>();
  readonly #idle = new IdleList();
  readonly #limit: RestartLimit;
  readonly #troubles: Troubles;
  #timer: Timer | undefined;
  /** Stop hooks that run. */
  #closing = 0;
  #wantsRoom = false;
  #stopped = false;
  #gaveUp = false;
  /** Lives that were begun, and ended for want of calls, ever. */
  readonly counts = { activations: 0, passivations: 0, failures: 0 };

  constructor(options: EntityCellsOptions) {
    const { limits: { supervision, restart }, host: { clock, random } } = options;
    this.#options = options;
    this.#cellOptions = { ...options, keeper: this };
    this.#clock = clock;
    this.#limit = new RestartLimit({ ...supervision, clock });
    this.#troubles = new Troubles(supervision, clock, random);
    this.retries = restart !== "temporary";
  }

  /** Keys that have a cell. */
  get size(): number {
    return this.#cells.size;
  }
  /** Of them, those with nothing to do. */
  get idleCells(): number {
    return this.#idle.size;
  }
  get restartsLeft(): number {
    return this.#limit.remaining;
  }
  get troubles(): Troubles {
    return this.#troubles;
  }
  /** The cells in the order in which they were made. */
  get cells(): Iterable<ActorCell> {
    return this.#cells.values();
  }

  /** Takes a call to the cell of its key; `false` when that, or all cells together, have no room. */
  deliver(call: InboundCall): boolean {
    const { key } = call;
    if (key === undefined) {
      refuse(
        call,
        new RpcError("invalid_argument", "A call of an entity needs a key", { outcome: "rejected" }),
      );
      return true;
    }
    let cell = this.#cells.get(key);
    if (cell === undefined) {
      if (this.#cells.size >= this.#options.limits.maxCells && !this.#makeRoom()) return false;
      cell = this.#create(key);
    } else this.#idle.remove(cell);
    cell.partition = call.partition;
    return cell.deliver(call);
  }

  /** Ends the cells of a partition; resolves when their stop hooks are through, or were left behind. */
  async released(partition: string): Promise<void> {
    const cells = [...this.#cells.values()].filter((cell) => cell.partition === partition);
    await Promise.all(cells.map((cell) => this.#release(cell)));
  }

  /** Ends all cells for good. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#timer = undefined;
    const cells = [...this.#cells.values()];
    await Promise.all(cells.map((cell) => cell.close()));
    for (const cell of cells) this.#remove(cell);
  }

  wanted(cell: ActorCell): RpcError | undefined {
    if (this.#stopped) return undefined;
    this.counts.activations++;
    try {
      const opening = cell.open();
      if (opening !== undefined) void this.#await(cell, opening);
    } catch (error) {
      return this.#notOpened(cell, error);
    }
    return undefined;
  }

  exited(cell: ActorCell, exit: Exit, ranMs: number): void {
    if (this.#stopped) return;
    if (exit.kind === "failed") this.counts.failures++;
    if (exit.kind !== "failed" || !this.retries) return this.#rest(cell);
    this.#failed(cell, exit.error, ranMs);
  }

  idle(cell: ActorCell): void {
    if (this.#stopped) return;
    this.#idle.add(cell, this.#clock.monotonic());
    this.#arm();
    this.#tellRoom();
  }

  #create(key: string): ActorCell {
    const { contract } = this.#options.host;
    const cell = new ActorCell(this.#cellOptions, addressOf(contract.name, "entity", "", key), key);
    cell.rest();
    this.#cells.set(key, cell);
    return cell;
  }

  async #await(cell: ActorCell, opening: Promise<void>): Promise<void> {
    const { startMs } = this.#options.limits;
    try {
      if (await inTime(opening, startMs, this.#clock) !== TOO_LATE) return;
      // What it ends with now is the cell's to deal with.
      opening.catch(() => {});
      await cell.close();
      throw new Error(`The factory did not make its state in ${startMs} ms`);
    } catch (error) {
      const refusal = this.#stopped ? undefined : this.#notOpened(cell, error);
      if (refusal !== undefined) this.#rest(cell, refusal);
    }
  }

  /**
   * A factory threw.
   *
   * @returns what answers the calls that it was for; `undefined` when they wait for the next try
   */
  #notOpened(cell: ActorCell, error: unknown): RpcError | undefined {
    // Whoever closed it goes on with it.
    if (error instanceof TakenBack) return undefined;
    // An answer of the factory, such as "not_found": no failure of the actor.
    if (error instanceof RpcError) return this.#rested(cell, error);
    log.error(EVENTS.actor.startFailed, { actor: cell.name, error });
    this.counts.failures++;
    if (!this.retries) return this.#rested(cell, notStarted(cell.name, error));
    this.#failed(cell, error, 0);
    return undefined;
  }

  #rested(cell: ActorCell, refusal: RpcError): RpcError {
    this.#rest(cell, refusal);
    return refusal;
  }

  /** It waits for its next life, or is suspended, or the entity gives up. */
  #failed(cell: ActorCell, error: unknown, ranMs: number): void {
    const { name } = cell;
    const waitMs = this.#troubles.failed(cell, error, ranMs);
    if (this.#limit.spend()) {
      log.info(EVENTS.actor.restarting, { actor: name, waitMs: Math.round(waitMs) });
      return this.#troubles.wait(cell, waitMs, () => this.#rest(cell));
    }
    const { supervision: { onGiveUp, backoff: { maxMs }, intensity, periodMs } } = this.#options.limits;
    const entity = this.#options.host.contract.name;
    log.error(EVENTS.actor.suspended, { actor: name, entity, ms: maxMs, error });
    if (onGiveUp === "suspend") return this.#suspend(cell, error, maxMs);
    cell.suspend(suspended(name, error, undefined));
    if (this.#gaveUp) return;
    this.#gaveUp = true;
    const message =
      `Entity "${entity}" gave up: "${name}" failed after ${intensity} restarts in ${periodMs} ms`;
    this.#options.onGiveUp(new Error(message, { cause: error }));
  }

  #suspend(cell: ActorCell, error: unknown, ms: number): void {
    const reopensAtMs = this.#clock.now() + ms;
    cell.suspend(suspended(cell.name, error, reopensAtMs));
    this.#troubles.wait(cell, ms, () => this.#rest(cell));
    const trouble = this.#troubles.get(cell);
    if (trouble !== undefined) trouble.reopensAtMs = reopensAtMs;
  }

  async #release(cell: ActorCell): Promise<void> {
    this.#idle.remove(cell);
    cell.dropWithdrawn();
    await cell.close();
    this.#troubles.forget(cell);
    // Calls that crashed meanwhile, and those of a partition that came back.
    cell.dropWithdrawn();
    this.#rest(cell);
  }

  /** The next call makes a life, or the cell goes. Changes nothing where another who waited has seen to that. */
  #rest(cell: ActorCell, refusal?: RpcError): void {
    if (this.#stopped) return;
    cell.rest(refusal);
    if (cell.phase === "resting" && !cell.busy) this.#remove(cell);
  }

  #remove(cell: ActorCell): void {
    this.#idle.remove(cell);
    this.#troubles.forget(cell);
    if (cell.key !== undefined && this.#cells.get(cell.key) === cell) this.#cells.delete(cell.key);
    this.#tellRoom();
  }

  /** Passivates those that have been idle for longest, until there is room for one more key. */
  #makeRoom(): boolean {
    const { maxCells } = this.#options.limits;
    const atOnce = Math.min(PASSIVATIONS_AT_ONCE, Math.ceil(maxCells / ROOM_SHARE));
    while (this.#closing < atOnce && this.#idle.first !== undefined) {
      this.#passivate(this.#idle.first);
      if (this.#cells.size < maxCells) return true;
    }
    this.#wantsRoom = true;
    return false;
  }

  #tellRoom(): void {
    if (!this.#wantsRoom) return;
    this.#wantsRoom = false;
    queueMicrotask(this.#options.onRoom);
  }

  #passivate(cell: ActorCell): void {
    this.#idle.remove(cell);
    this.counts.passivations++;
    const closing = cell.close();
    if (closing === undefined) return this.#rest(cell);
    this.#closing++;
    void closing.then(() => {
      this.#closing--;
      this.#rest(cell);
      if (!this.#stopped) this.#arm();
    });
  }

  /** Passivates what has been idle for long enough. */
  #sweep(): void {
    this.#timer = undefined;
    const untilMs = this.#clock.monotonic() - this.#options.limits.passivateAfterMs;
    for (
      let cell = this.#idle.first;
      cell !== undefined && cell.idleSinceMs <= untilMs;
      cell = this.#idle.first
    ) {
      if (this.#closing >= PASSIVATIONS_AT_ONCE) break;
      this.#passivate(cell);
    }
    this.#arm();
  }

  #arm(): void {
    const { first } = this.#idle;
    if (this.#timer !== undefined || first === undefined || this.#closing >= PASSIVATIONS_AT_ONCE) return;
    const ms = first.idleSinceMs + this.#options.limits.passivateAfterMs - this.#clock.monotonic();
    this.#timer = this.#clock.after(Math.max(0, ms), () => this.#sweep());
  }
}
