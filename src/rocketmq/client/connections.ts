import { RocketMqError } from "../error.ts";
import type { Command, RequestCommand } from "../remote/command.ts";
import type { Connection } from "../remote/connection.ts";
import { describeRequest } from "../remote/codes.ts";
import { type ConnectionEvent, Peer, type PeerOptions } from "./peer.ts";

/** How long one request waits. */
export interface ConnectionsCallOptions {
  /** For connecting and the answer together, in milliseconds. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** One connection per server, made when it is needed. */
export class Connections {
  readonly #options: PeerOptions;
  readonly #peers = new Map<string, Peer>();
  readonly #onConnection: (event: ConnectionEvent) => void;
  #closing: Promise<void> | undefined;

  /** Makes no connection yet. */
  constructor(options: PeerOptions) {
    this.#options = { ...options, onEvent: (event) => this.#onEvent(event) };
    this.#onConnection = options.onEvent;
  }

  /**
   * Sends a request, over a new connection if need be, and waits for its answer, whatever its code.
   *
   * @throws RocketMqError kind `not_sent` or `unknown`
   */
  request(address: string, request: RequestCommand, options: ConnectionsCallOptions): Promise<Command> {
    const connection = this.#peers.get(address)?.connection;
    // The common case costs no promise of its own.
    if (connection !== undefined) return connection.call(request, options);
    return this.#connectAndCall(address, request, options);
  }

  /**
   * Sends a request that is not answered; at once where there is a connection.
   *
   * @throws RocketMqError kind `not_sent`
   */
  oneway(address: string, request: RequestCommand): void | Promise<void> {
    const connection = this.#peers.get(address)?.connection;
    if (connection !== undefined) return connection.oneway(request);
    return this.#connect(this.#peer(address, request.code)).then((opened) => opened.oneway(request));
  }

  /** The connection to a server, while there is one. */
  get(address: string): Connection | undefined {
    return this.#peers.get(address)?.connection;
  }

  /** Keeps a server connected until {@linkcode Connections.release}. */
  keep(address: string): void {
    this.#peer(address).keep();
  }

  /** Stops connecting again to a server. */
  release(address: string): void {
    const peer = this.#peers.get(address);
    peer?.release();
    this.#forget(peer);
  }

  /** Closes all connections and makes no more; resolves when nothing is under way. */
  close(): Promise<void> {
    this.#closing ??= Promise.all([...this.#peers.values()].map((peer) => peer.close())).then(() => {});
    return this.#closing;
  }

  async #connectAndCall(
    address: string,
    request: RequestCommand,
    options: ConnectionsCallOptions,
  ): Promise<Command> {
    const peer = this.#peer(address, request.code);
    // Whoever gives up waiting leaves the attempt to itself.
    this.#connect(peer).catch(() => {});
    return await peer.connectAndCall(request, options);
  }

  async #connect(peer: Peer): Promise<Connection> {
    try {
      return await peer.connect();
    } finally {
      this.#forget(peer);
    }
  }

  #forget(peer: Peer | undefined): void {
    if (peer?.idle && this.#peers.get(peer.address) === peer) this.#peers.delete(peer.address);
  }

  #peer(address: string, code?: number): Peer {
    if (this.#closing !== undefined) {
      const what = code === undefined ? "connect" : `send request ${describeRequest(code)}`;
      throw new RocketMqError("not_sent", `Cannot ${what} to ${address}: the client is closed`, { address });
    }
    const known = this.#peers.get(address);
    if (known !== undefined) return known;
    const peer = new Peer(address, this.#options);
    this.#peers.set(address, peer);
    return peer;
  }

  #onEvent(event: ConnectionEvent): void {
    if (event.state === "lost") this.#forget(this.#peers.get(event.address));
    this.#onConnection(event);
  }
}
