import { connect, type TLSSocket } from "node:tls";
import { createDeferred, type Deferred } from "../../async/deferred.ts";
import type { Socket } from "./socket.ts";
import { handshakeOptions, tlsFailure, type TlsOptions } from "./tls.ts";

/**
 * Opens a TCP connection and encrypts it; resolves once the server has proved who it is.
 *
 * @param signal gives up connecting; has no effect afterwards
 */
export function openTlsSocket(
  host: string,
  port: number,
  tls: TlsOptions,
  signal: AbortSignal,
): Promise<Socket> {
  const opening = createDeferred<Socket>();
  const socket = connect({ host, port, ...handshakeOptions(host, tls) });
  const onAbort = (): void => fail(new Error("Connecting was given up"));
  // A server that hangs up on the first bytes of a handshake does not know them.
  const onClose = (): void =>
    fail(new Error(tlsFailure(new Error("the connection was closed in the handshake"), true)));
  const onError = (cause: Error): void => fail(new Error(reasonOf(cause, socket), { cause }));
  const leave = (): void => {
    signal.removeEventListener("abort", onAbort);
    socket.off("close", onClose);
    socket.off("error", onError);
  };
  function fail(error: Error): void {
    leave();
    // What it says after this is nobody's business any more, but must be heard.
    socket.on("error", () => {});
    socket.destroy();
    opening.reject(error);
  }
  socket.once("close", onClose);
  socket.once("error", onError);
  socket.once("secureConnect", () => {
    leave();
    socket.setNoDelay(true);
    opening.resolve(new TlsSocket(socket));
  });
  if (signal.aborted) onAbort();
  else signal.addEventListener("abort", onAbort);
  return opening.promise;
}

/** Before there is a connection it is TCP that failed; a reset later comes from a server that does not know TLS. */
function reasonOf(cause: Error, socket: TLSSocket): string {
  const reset = "code" in cause && cause.code === "ECONNRESET";
  return tlsFailure(cause, reset && !socket.connecting);
}

/** A TLS connection, read chunk by chunk as it is asked for: nothing piles up here beyond the stream's own buffer. */
class TlsSocket implements Socket {
  readonly #socket: TLSSocket;
  /** What was read and did not fit. */
  #rest: Uint8Array | undefined;
  #waiting: Deferred<number | null> | undefined;
  #into: Uint8Array = new Uint8Array(0);
  #ended = false;
  #error: Error | undefined;

  constructor(socket: TLSSocket) {
    this.#socket = socket;
    socket.on("readable", () => this.#serve());
    socket.on("end", () => {
      this.#ended = true;
      this.#serve();
    });
    socket.on("error", (cause) => this.#break(new Error(tlsFailure(cause), { cause })));
    socket.on("close", () => this.#break(new Error("the connection is closed")));
  }

  read(into: Uint8Array): Promise<number | null> {
    const waiting = createDeferred<number | null>();
    this.#waiting = waiting;
    this.#into = into;
    this.#serve();
    return waiting.promise;
  }

  write(bytes: Uint8Array): Promise<number> {
    return new Promise((resolve, reject) => {
      if (this.#error !== undefined) return reject(this.#error);
      this.#socket.write(bytes, (cause) => {
        if (cause) reject(this.#error ?? new Error(tlsFailure(cause), { cause }));
        else resolve(bytes.length);
      });
    });
  }

  close(): void {
    this.#socket.destroy();
    this.#break(new Error("the connection is closed"));
  }

  #serve(): void {
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    const chunk = this.#rest ?? this.#take();
    if (chunk !== null) {
      const count = Math.min(chunk.length, this.#into.length);
      this.#into.set(chunk.subarray(0, count));
      this.#rest = count < chunk.length ? chunk.subarray(count) : undefined;
      this.#waiting = undefined;
      return waiting.resolve(count);
    }
    if (this.#error === undefined && !this.#ended) return;
    this.#waiting = undefined;
    if (this.#ended) waiting.resolve(null);
    else waiting.reject(this.#error);
  }

  #take(): Uint8Array | null {
    const chunk: unknown = this.#error === undefined ? this.#socket.read() : null;
    return chunk instanceof Uint8Array && chunk.length > 0 ? chunk : null;
  }

  #break(error: Error): void {
    this.#error ??= error;
    this.#serve();
  }
}
