import type { Timer } from "../../async/clock.ts";
import { Backoff } from "../../async/backoff.ts";
import type { Random } from "../../async/random.ts";
import { RocketMqError } from "../error.ts";
import type { Command, RequestCommand, RequestReply } from "../remote/command.ts";
import { parseAddress } from "../remote/address.ts";
import { connect } from "../remote/connect.ts";
import type { Connection } from "../remote/connection.ts";
import type { ConnectionCallOptions, ConnectionOptions } from "../remote/connection_options.ts";
import { IdleWatch } from "./idle_watch.ts";
import { waitFor } from "./wait.ts";

const INITIAL_WAIT_MS = 100;
const MAX_WAIT_MS = 5_000;

/** That a connection to a server came about or broke. */
export interface ConnectionEvent {
  /** The server, `host:port`. */
  readonly address: string;
  /** What happened. */
  readonly state: "connected" | "lost";
  /** What broke it; absent when this client closed it. */
  readonly error?: RocketMqError;
}

/** What a {@linkcode Peer} is given. */
export interface PeerOptions extends Omit<ConnectionOptions, "onRequest" | "onGoAway"> {
  readonly random: Random;
  readonly onRequest: (address: string, command: Command) => RequestReply | undefined;
  readonly onEvent: (event: ConnectionEvent) => void;
}

/**
 * One server as this client sees it: at most one connection, made when needed, made again while it is kept. One that is
 * not kept is closed after 80 to 100 s without use: whoever keeps one has it used, by heartbeats.
 */
export class Peer {
  readonly address: string;
  readonly #options: PeerOptions;
  readonly #backoff: Backoff;
  readonly #giveUp = new AbortController();
  #connection: Connection | undefined;
  /** Those whose server sent its clients away, while answers are still to come. */
  readonly #left = new Set<Connection>();
  #connecting: Promise<Connection> | undefined;
  #retry: Timer | undefined;
  #idleWatch: IdleWatch | undefined;
  #kept = false;
  #closed = false;

  /**
   * Makes no connection yet.
   *
   * @throws TypeError when the address is malformed
   */
  constructor(address: string, options: PeerOptions) {
    parseAddress(address);
    this.address = address;
    this.#options = options;
    this.#backoff = new Backoff({ initialMs: INITIAL_WAIT_MS, maxMs: MAX_WAIT_MS, random: options.random });
  }

  /** The connection, while there is one that works. */
  get connection(): Connection | undefined {
    return this.#connection?.open ? this.#connection : undefined;
  }

  /** Whether nothing would be lost by forgetting this server. */
  get idle(): boolean {
    return !this.#kept && this.#connection === undefined && this.#connecting === undefined &&
      this.#left.size === 0;
  }

  /**
   * Connects, or joins the attempt under way. An attempt runs at once, however long back-off would wait.
   *
   * @throws RocketMqError kind `not_sent`
   */
  connect(): Promise<Connection> {
    const { connection } = this;
    if (connection !== undefined) return Promise.resolve(connection);
    this.#connecting ??= this.#attempt();
    return this.#connecting;
  }

  /**
   * Sends a request over a connection that is made first, where there is none.
   *
   * @throws RocketMqError kind `not_sent` or `unknown`
   */
  async connectAndCall(request: RequestCommand, options: ConnectionCallOptions): Promise<Command> {
    const { clock, wheel } = this.#options;
    const { timeoutMs, signal } = options;
    const { address } = this;
    const began = clock.monotonic();
    const onTimeout = (): RocketMqError =>
      new RocketMqError("not_sent", `Cannot connect to ${address}: no answer within ${timeoutMs} ms`, {
        address,
      });
    const connection = await waitFor(this.connect(), { wheel, timeoutMs, onTimeout, signal });
    return await connection.call(request, {
      ...options,
      timeoutMs: timeoutMs - (clock.monotonic() - began),
    });
  }

  /** Connects, and again whenever the connection breaks, until {@linkcode Peer.release}. */
  keep(): void {
    if (this.#kept || this.#closed) return;
    this.#kept = true;
    this.#idleWatch?.stop();
    this.#reconnect();
  }

  /** Stops connecting again. A connection that works stays. */
  release(): void {
    if (this.#kept && !this.#closed && this.connection !== undefined) this.#watchIdle(this.connection);
    this.#kept = false;
    this.#retry?.cancel();
    this.#retry = undefined;
  }

  /** Closes the connection and connects no more; resolves when nothing is under way. */
  async close(): Promise<void> {
    this.#closed = true;
    this.release();
    this.#giveUp.abort(this.#closedError());
    const connection = this.#connection;
    connection?.close();
    for (const left of this.#left) left.close();
    await Promise.allSettled([
      this.#connecting,
      connection?.closed,
      ...[...this.#left].map(({ closed }) => closed),
    ]);
  }

  async #attempt(): Promise<Connection> {
    this.#retry?.cancel();
    this.#retry = undefined;
    try {
      const connection = await this.#open();
      if (this.#connection !== undefined) this.#left.add(this.#connection);
      this.#connection = connection;
      this.#watch(connection);
      if (this.#kept) this.#idleWatch?.stop();
      else this.#watchIdle(connection);
      this.#options.onEvent({ address: this.address, state: "connected" });
      return connection;
    } catch (error) {
      this.#retryLater();
      throw error;
    } finally {
      this.#connecting = undefined;
    }
  }

  async #open(): Promise<Connection> {
    if (this.#closed) throw this.#closedError();
    const { address } = this;
    const { onRequest } = this.#options;
    const connection = await connect(address, {
      ...this.#options,
      signal: this.#giveUp.signal,
      onRequest: (command) => onRequest(address, command),
      onGoAway: (request, options) => this.connectAndCall(request, options),
    });
    if (!this.#closed) return connection;
    connection.close();
    throw this.#closedError();
  }

  #closedError(): RocketMqError {
    return new RocketMqError("not_sent", `Cannot connect to ${this.address}: the client is closed`, {
      address: this.address,
    });
  }

  async #watch(connection: Connection): Promise<void> {
    const error = await connection.closed;
    this.#left.delete(connection);
    // A new one may be there already.
    if (this.#connection === connection) {
      this.#connection = undefined;
      this.#idleWatch?.stop();
    }
    // Not on connecting: a dying server's port may accept and then reset, over and over.
    if (connection.lastReceivedAt !== undefined) this.#backoff.reset();
    if (this.#connection === undefined && this.#connecting === undefined) this.#retryLater();
    const { address } = this;
    this.#options.onEvent({ address, state: "lost", ...(error === undefined ? {} : { error }) });
  }

  #watchIdle(connection: Connection): void {
    this.#idleWatch?.stop();
    this.#idleWatch = new IdleWatch(connection, this.#options.clock);
  }

  #retryLater(): void {
    if (!this.#kept || this.#closed || this.#retry !== undefined) return;
    this.#retry = this.#options.wheel.schedule(this.#backoff.next(), () => {
      this.#retry = undefined;
      this.#reconnect();
    });
  }

  #reconnect(): void {
    // A failure has already arranged the next attempt.
    this.connect().catch(() => {});
  }
}
