import type { RpcError } from "../../src/errors/rpc_error.ts";
import type { Abandoned } from "../supervision/abandoned.ts";
import type { ActorCell } from "./actor_cell.ts";
import type { CellHost } from "./cell_host.ts";
import type { Exit } from "../supervision/child.ts";
import type { Behaviour } from "./life.ts";
import type { MailboxBounds } from "./room.ts";
import type { RunWatch } from "./run_watch.ts";

/** Who decides when an actor has a life: its supervisor, or its entity. */
export interface ActorKeeper {
  /** Whether a call whose handler crashed is run again by the next life. */
  readonly retries: boolean;
  /**
   * A call came for a cell that rests. Opens it now or later, or does nothing: the call waits.
   *
   * @returns what answers the call instead
   */
  wanted(cell: ActorCell): RpcError | undefined;
  /** Its life has ended by itself after that time, the stop hook is through: the cell waits for what follows. */
  exited(cell: ActorCell, exit: Exit, ranMs: number): void;
  /** It has a life and nothing to do. */
  idle(cell: ActorCell): void;
}

/** What all cells of an entity share, and what the one cell of an `actor()` is made of. */
export interface ActorOptions {
  readonly behaviour: Behaviour;
  readonly keeper: ActorKeeper;
  readonly host: CellHost;
  readonly watch: RunWatch;
  readonly bounds: MailboxBounds;
  /** Told when a mailbox that was full has room again. */
  readonly onRoom: () => void;
  /** How long a life may take to end, its call and its stop hook together, in milliseconds. */
  readonly shutdownMs: number;
  /** Handlers, hooks and factories that did not end. */
  readonly abandoned: Abandoned;
}
