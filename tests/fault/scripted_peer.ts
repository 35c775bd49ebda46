import { createDeferred, type Deferred } from "../../src/async/deferred.ts";
import { type Command, type RequestReply, RESPONSE_FLAG } from "../../src/rocketmq/remote/command.ts";
import { FrameReader } from "../../src/rocketmq/remote/frame.ts";

const encoder = new TextEncoder();

/** What ends a script that waits for a client that is gone. */
class ClientGone extends Error {
  override readonly name = "ClientGone";
}

const KEPT_CHUNK_BYTES = 4_096;

type PeerListener = Deno.TcpListener | Deno.TlsListener;

/** What a peer does with one connection, from accepting it to its end. */
export type Script = (session: Session) => void | Promise<void>;

/** A header of a frame as a broker writes it: in JSON, with more in it than clients use. */
export interface PeerHeader {
  readonly code: number;
  readonly flag: number;
  readonly opaque: number;
  readonly remark?: string | undefined;
  readonly fields?: Readonly<Record<string, string>> | undefined;
}

/** Encodes a frame by hand, not with the code under test. */
export function peerFrame(header: PeerHeader, body: Uint8Array = new Uint8Array(0)): Uint8Array {
  const { code, flag, opaque, remark, fields } = header;
  const json = encoder.encode(JSON.stringify({
    code,
    ...(fields === undefined ? {} : { extFields: fields }),
    flag,
    language: "JAVA",
    opaque,
    remark,
    serializeTypeCurrentRPC: "JSON",
    version: 513,
  }));
  const frame = new Uint8Array(8 + json.length + body.length);
  const view = new DataView(frame.buffer);
  view.setUint32(0, frame.length - 4);
  view.setUint32(4, json.length);
  frame.set(json, 8);
  frame.set(body, 8 + json.length);
  return frame;
}

/** A request that a server makes; it waits for an answer unless `flag` says otherwise. */
export interface RequestOfServer extends Omit<PeerHeader, "flag"> {
  readonly flag?: number;
  readonly body?: Uint8Array | undefined;
}

/** One connection of a {@linkcode ScriptedPeer}. */
export class Session {
  /** How many chunks came so far; at most one for each write of the client. */
  chunks = 0;
  /** What came, byte for byte, without chunks of more than 4 KiB. */
  readonly received: number[] = [];
  /** Resolves when the client has closed, or the peer cut. */
  readonly closed: Promise<void>;
  /** Resolves with the first bytes of the client, whether frames or not. */
  readonly firstBytes: Promise<void>;
  readonly #first = createDeferred<void>();
  readonly #connection: Deno.Conn;
  readonly #arrived: Command[] = [];
  readonly #waiting: Deferred<Command>[] = [];
  #over = false;

  constructor(connection: Deno.Conn) {
    this.#connection = connection;
    this.firstBytes = this.#first.promise;
    this.closed = this.#read();
  }

  /** The next frame of the client; rejects when the connection ends first. */
  next(): Promise<Command> {
    const command = this.#arrived.shift();
    if (command !== undefined) return Promise.resolve(command);
    if (this.#over) return Promise.reject(new ClientGone());
    const waiting = createDeferred<Command>();
    this.#waiting.push(waiting);
    return waiting.promise;
  }

  /** Answers a request. */
  answer(request: Command, reply: RequestReply): Promise<void> {
    return this.raw(peerFrame({ ...reply, flag: RESPONSE_FLAG, opaque: request.opaque }, reply.body));
  }

  /** Sends a request of the server's own. */
  ask(request: RequestOfServer): Promise<void> {
    return this.raw(peerFrame({ flag: 0, ...request }, request.body));
  }

  /** Sends bytes as they are: half frames, garbage, several frames. */
  async raw(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) at += await this.#connection.write(bytes.subarray(at));
  }

  /** Answers requests as `reply` says until the client goes; `undefined`: no answer. */
  async serve(reply: (request: Command) => RequestReply | undefined): Promise<void> {
    for (;;) {
      const request = await this.next();
      const answer = reply(request);
      if (answer !== undefined) await this.answer(request, answer);
    }
  }

  /** Closes the connection. */
  cut(): void {
    if (this.#over) return;
    this.#over = true;
    this.#connection.close();
    for (const waiting of this.#waiting.splice(0)) waiting.reject(new ClientGone());
  }

  async #read(): Promise<void> {
    const frames = new FrameReader((command) => {
      const waiting = this.#waiting.shift();
      if (waiting === undefined) this.#arrived.push(command);
      else waiting.resolve(command);
    });
    const buffer = new Uint8Array(1024 * 1024);
    try {
      for (;;) {
        const count = await this.#connection.read(buffer);
        if (count === null) break;
        this.chunks++;
        this.#first.resolve();
        if (count <= KEPT_CHUNK_BYTES) this.received.push(...buffer.subarray(0, count));
        frames.push(buffer.subarray(0, count));
      }
    } catch {
      // Cut from either side: the end of the script, not a failure.
    }
    this.cut();
  }
}

/**
 * A server that does what a healthy one will not: answers late, never, in halves, with garbage, or hangs up. Each
 * connection runs the script once; a script ends quietly when its client goes.
 */
export class ScriptedPeer implements AsyncDisposable {
  /** `host:port`. */
  readonly address: string;
  readonly sessions: Session[] = [];
  readonly #script: Script;
  readonly #accepting: Promise<void>;
  readonly #scripts: Promise<void>[] = [];
  readonly #arrivals: { readonly count: number; readonly reached: Deferred<void> }[] = [];
  #listener: PeerListener | undefined;

  /** Listens on a free port, or on `port` to come back at an address; with a certificate in TLS. */
  constructor(script: Script, port = 0, tls?: { readonly cert: string; readonly key: string }) {
    this.#script = script;
    const at = { hostname: "127.0.0.1", port };
    this.#listener = tls === undefined ? Deno.listen(at) : Deno.listenTls({ ...at, ...tls });
    this.address = `127.0.0.1:${this.#listener.addr.port}`;
    this.#accepting = this.#accept(this.#listener);
  }

  /** Resolves once `count` connections were accepted. */
  accepted(count: number): Promise<void> {
    const reached = createDeferred<void>();
    if (this.sessions.length >= count) reached.resolve();
    else this.#arrivals.push({ count, reached });
    return reached.promise;
  }

  /** Refuses new connections and cuts all others. Throws what a script threw. */
  async stop(): Promise<void> {
    this.#listener?.close();
    this.#listener = undefined;
    await this.#accepting;
    for (const session of this.sessions) session.cut();
    await Promise.all(this.sessions.map((session) => session.closed));
    await Promise.all(this.#scripts);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #accept(listener: PeerListener): Promise<void> {
    try {
      for await (const connection of listener) {
        if ("setNoDelay" in connection) connection.setNoDelay(true);
        const session = new Session(connection);
        this.sessions.push(session);
        this.#scripts.push(this.#run(session));
        for (const { count, reached } of this.#arrivals) if (this.sessions.length >= count) reached.resolve();
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.BadResource || error instanceof Deno.errors.Interrupted)) {
        throw error;
      }
    }
  }

  async #run(session: Session): Promise<void> {
    try {
      await this.#script(session);
    } catch (error) {
      // Writing to a client that has gone fails in several ways.
      const gone = error instanceof ClientGone || error instanceof Deno.errors.BrokenPipe ||
        error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.BadResource;
      if (!gone) throw error;
    }
  }
}
