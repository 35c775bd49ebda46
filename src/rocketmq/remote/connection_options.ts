import type { Clock } from "../../async/clock.ts";
import type { TimerWheel } from "../../async/timer_wheel.ts";
import type { Command, RequestCommand, RequestReply } from "./command.ts";
import type { Serialization } from "./frame.ts";
import type { WriteTime } from "./outbox.ts";
import type { SignRequest } from "./signature.ts";
import type { TlsOptions } from "./tls.ts";

/** How a connection is made. */
export interface ConnectionOptions {
  readonly clock: Clock;
  /** Runs the deadlines; shared by all connections, closed by its maker. */
  readonly wheel: TimerWheel;
  /** For TCP and, where it is wanted, TLS together. Default: 3,000. */
  readonly connectTimeoutMs?: number | undefined;
  /** How it is encrypted. Default: not at all. */
  readonly tls?: TlsOptions | undefined;
  /** Signs each request, one-way ones too; answers to the server's requests are never signed. Default: none. */
  readonly sign?: SignRequest | undefined;
  /** How headers are written; those received are read either way. Default: `binary`. */
  readonly serialization?: Serialization | undefined;
  /**
   * When what is queued is written: `soon`, which is at once as seen from outside, or `last`, when everything that is due in
   * this turn of the event loop has been done. More of it leaves in one write then, and what others write comes first.
   * Default: `soon`.
   */
  readonly writes?: WriteTime | undefined;
  /** Largest frame to accept. Default: 16 MiB. */
  readonly maxFrameBytes?: number | undefined;
  /** Calls are refused while this many bytes or more wait to be written. Default: 64 MiB. */
  readonly maxQueuedBytes?: number | undefined;
  /** Calls are refused while this many wait for their answer. Default: 65,536. */
  readonly maxPendingCalls?: number | undefined;
  /**
   * A connection on which calls time out is given up when nothing came for this long, in milliseconds: the server may be
   * gone without a word. Default: 10,000.
   */
  readonly silenceLimitMs?: number | undefined;
  /**
   * Answers a request of the server, at once. `undefined` means that the code is not known here: the server gets
   * code 3. When it throws, the server gets code 1. To a one-way request nothing is answered.
   */
  readonly onRequest?: ((command: Command) => RequestReply | undefined) | undefined;
  /**
   * Sends a request again, over another connection, that a server did not deal with since it is shutting down: it said
   * GO_AWAY. Default: the call is `not_sent`.
   */
  readonly onGoAway?:
    | ((request: RequestCommand, options: ConnectionCallOptions) => Promise<Command>)
    | undefined;
}

/** How long one call waits. */
export interface ConnectionCallOptions {
  /** From the call on, in milliseconds. */
  readonly timeoutMs: number;
  /** Stops waiting; the call then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** It was sent away by another connection: it is not sent a third time. Default: false. */
  readonly sentAway?: boolean | undefined;
}
