import { RocketMqClient } from "../../src/rocketmq/client/client.ts";
import { clusterInfo } from "../../src/rocketmq/client/cluster.ts";
import { type Command, type RequestReply, RESPONSE_FLAG } from "../../src/rocketmq/remote/command.ts";
import { FrameReader } from "../../src/rocketmq/remote/frame.ts";
import { peerFrame } from "./scripted_peer.ts";

/** Answers a request in the server's place; `undefined` lets it pass. */
export type Intercept = (request: Command) => RequestReply | undefined;

/**
 * A real cluster as seen through relays, one before each name server and broker, which answer some requests
 * themselves: with what a healthy cluster would not say. Brokers that come later are not relayed.
 */
export class RelayedCluster implements AsyncDisposable {
  /** The relays before the name servers. */
  readonly nameServers: string;
  readonly #servers: readonly Relay[];
  readonly #intercept: Intercept;
  #brokers: readonly Relay[];

  private constructor(nameServers: string, brokers: readonly string[], intercept: Intercept) {
    this.#intercept = intercept;
    this.#brokers = brokers.map((address) => new Relay(address, intercept));
    this.#servers = nameServers.split(";").map((address) =>
      new Relay(address, intercept, (body) => this.#rewrite(body))
    );
    this.nameServers = this.#servers.map(({ address }) => address).join(";");
  }

  /** Puts relays before a cluster that runs. */
  static async open(nameServers: string, intercept: Intercept): Promise<RelayedCluster> {
    await using client = new RocketMqClient({ nameServers, clientId: `relay-${crypto.randomUUID()}` });
    const addresses = [...(await clusterInfo(client)).brokers.values()]
      .flatMap(({ addresses }) => [...addresses.values()]);
    return new RelayedCluster(nameServers, addresses, intercept);
  }

  /** Moves all brokers to other addresses, as a restart with other ones does: the old ones are gone. */
  async move(): Promise<void> {
    const former = this.#brokers;
    this.#brokers = former.map(({ upstream }) => new Relay(upstream, this.#intercept));
    await Promise.all(former.map((relay) => relay.stop()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#servers, ...this.#brokers].map((relay) => relay.stop()));
  }

  /** Name servers tell the relays' addresses instead of the brokers'. */
  #rewrite(body: string): string {
    return this.#brokers.reduce(
      (text, { upstream, address }) => text.replaceAll(`"${upstream}"`, `"${address}"`),
      body,
    );
  }
}

/** Stands before one server and passes on whole frames. */
class Relay {
  readonly upstream: string;
  readonly address: string;
  readonly #intercept: Intercept;
  readonly #rewrite: ((body: string) => string) | undefined;
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #open = new Set<Deno.TcpConn>();
  readonly #accepting: Promise<void>;

  /** @param rewrite changes the bodies of the server's frames */
  constructor(upstream: string, intercept: Intercept, rewrite?: (body: string) => string) {
    this.upstream = upstream;
    this.address = `127.0.0.1:${this.#listener.addr.port}`;
    this.#intercept = intercept;
    this.#rewrite = rewrite;
    this.#accepting = this.#accept();
  }

  async stop(): Promise<void> {
    this.#listener.close();
    for (const connection of this.#open) close(connection);
    await this.#accepting;
  }

  async #accept(): Promise<void> {
    const relayed: Promise<void>[] = [];
    try {
      for await (const client of this.#listener) relayed.push(this.#relay(client));
    } catch {
      // The listener was closed.
    }
    await Promise.all(relayed);
  }

  async #relay(client: Deno.TcpConn): Promise<void> {
    this.#open.add(client);
    const [hostname = "", port] = this.upstream.split(":");
    try {
      const server = await Deno.connect({ hostname, port: Number(port) });
      for (const connection of [client, server]) connection.setNoDelay(true);
      this.#open.add(server);
      const up = pump(client, server, (frame) => this.#request(frame, client));
      const down = pump(server, client, (frame) => this.#answer(frame));
      await Promise.all([up, down]);
      this.#open.delete(server);
    } catch {
      // The server is away: so is the relay.
      close(client);
    }
    this.#open.delete(client);
  }

  /** What goes to the server, if anything. */
  async #request(frame: Uint8Array, client: Deno.TcpConn): Promise<Uint8Array | undefined> {
    let command: Command | undefined;
    new FrameReader((read) => command = read).push(frame.slice());
    if (command === undefined || (command.flag & RESPONSE_FLAG) !== 0) return frame;
    const reply = this.#intercept(command);
    if (reply === undefined) return frame;
    await writeAll(client, peerFrame({ ...reply, flag: RESPONSE_FLAG, opaque: command.opaque }, reply.body));
    return undefined;
  }

  #answer(frame: Uint8Array): Promise<Uint8Array> {
    if (this.#rewrite === undefined) return Promise.resolve(frame);
    const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
    const bodyAt = 8 + (view.getUint32(4) & 0xff_ff_ff);
    const body = new TextDecoder("latin1").decode(frame.subarray(bodyAt));
    const rewritten = this.#rewrite(body);
    if (rewritten === body) return Promise.resolve(frame);
    const changed = new Uint8Array(bodyAt + rewritten.length);
    changed.set(frame.subarray(0, bodyAt));
    for (let index = 0; index < rewritten.length; index++) {
      changed[bodyAt + index] = rewritten.charCodeAt(index);
    }
    new DataView(changed.buffer).setUint32(0, changed.length - 4);
    return Promise.resolve(changed);
  }
}

/** Passes frames on, one after the other, until either end closes; then closes both. */
async function pump(
  from: Deno.TcpConn,
  to: Deno.TcpConn,
  through: (frame: Uint8Array) => Promise<Uint8Array | undefined>,
): Promise<void> {
  let pending = new Uint8Array(0);
  const buffer = new Uint8Array(256 * 1024);
  try {
    for (;;) {
      const count = await from.read(buffer);
      if (count === null) break;
      const joined = new Uint8Array(pending.length + count);
      joined.set(pending);
      joined.set(buffer.subarray(0, count), pending.length);
      pending = joined;
      while (pending.length >= 4) {
        const end = 4 + new DataView(pending.buffer, pending.byteOffset).getUint32(0);
        if (pending.length < end) break;
        const passed = await through(pending.subarray(0, end));
        if (passed !== undefined) await writeAll(to, passed);
        pending = pending.subarray(end);
      }
    }
  } catch {
    // Cut from either side.
  }
  close(from);
  close(to);
}

/** The writes to each connection, which must not mix. */
const writes = new WeakMap<Deno.TcpConn, Promise<void>>();

function writeAll(connection: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  const write = (writes.get(connection) ?? Promise.resolve()).then(async () => {
    for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
  });
  // Whoever writes next finds out by itself that the connection is gone.
  writes.set(connection, write.catch(() => {}));
  return write;
}

function close(connection: Deno.TcpConn): void {
  try {
    connection.close();
  } catch {
    // It was closed already.
  }
}
