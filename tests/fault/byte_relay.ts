/** How a relay listens. */
export interface RelayListening {
  /** Certificate and key, in PEM: ends TLS here. Default: none. */
  readonly tls?: { readonly certificate: string; readonly key: string };
}

/** Stands before a server and passes bytes on, for as long as the network is said to be there. */
export class ByteRelay implements AsyncDisposable {
  readonly #upstream: Deno.ConnectOptions;
  readonly #listener: Deno.Listener<Deno.Conn>;
  readonly #open = new Set<Deno.Conn>();
  readonly #accepting: Promise<void>;
  #whole = Promise.withResolvers<void>();

  /** @param upstream `host:port` */
  constructor(upstream: string, { tls }: RelayListening = {}) {
    const [hostname = "", port = ""] = upstream.split(":");
    this.#upstream = { hostname, port: Number(port) };
    const address = { hostname: "127.0.0.1", port: 0 };
    this.#listener = tls === undefined
      ? Deno.listen(address)
      : Deno.listenTls({ ...address, cert: tls.certificate, key: tls.key, alpnProtocols: ["h2"] });
    this.#whole.resolve();
    this.#accepting = this.#accept();
  }

  /** Where it listens. */
  get endpoint(): string {
    const { addr } = this.#listener;
    return addr.transport === "tcp" ? `${addr.hostname}:${addr.port}` : "";
  }

  /** Nothing passes any more in either direction, and nobody is told. */
  cut(): void {
    this.#whole = Promise.withResolvers();
  }

  /** Everything passes again. */
  heal(): void {
    this.#whole.resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const connection of this.#open) close(connection);
    this.heal();
    await this.#accepting;
  }

  async #accept(): Promise<void> {
    const pipes: Promise<void>[] = [];
    try {
      for await (const connection of this.#listener) pipes.push(this.#join(connection));
    } catch (error) {
      // A handshake that failed is its client's business.
      if (!(error instanceof Error)) throw error;
    }
    await Promise.all(pipes);
  }

  async #join(client: Deno.Conn): Promise<void> {
    this.#open.add(client);
    try {
      const server = await Deno.connect(this.#upstream);
      this.#open.add(server);
      await Promise.all([this.#pipe(client, server), this.#pipe(server, client)]);
    } catch {
      // Its other end is gone.
    } finally {
      close(client);
    }
  }

  async #pipe(from: Deno.Conn, to: Deno.Conn): Promise<void> {
    const buffer = new Uint8Array(65_536);
    try {
      for (let count = await from.read(buffer); count !== null; count = await from.read(buffer)) {
        await this.#whole.promise;
        for (let sent = 0; sent < count;) sent += await to.write(buffer.subarray(sent, count));
      }
    } catch {
      // One of both ends is gone: so is the other now.
    }
    await this.#whole.promise;
    close(from);
    close(to);
  }
}

function close(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // Closed already.
  }
}
