import { connect, type TLSSocket } from "node:tls";
import type { Socket } from "./socket.ts";
import { openStream } from "./stream_socket.ts";
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
  const socket = connect({ host, port, ...handshakeOptions(host, tls) });
  return openStream(socket, "secureConnect", signal, {
    // A server that hangs up on the first bytes of a handshake does not know them.
    connecting: (cause) =>
      cause === undefined
        ? tlsFailure(new Error("the connection was closed in the handshake"), true)
        : reasonOf(cause, socket),
    connected: (cause) => tlsFailure(cause),
  });
}

/** Before there is a connection it is TCP that failed; a reset later comes from a server that does not know TLS. */
function reasonOf(cause: Error, socket: TLSSocket): string {
  const reset = "code" in cause && cause.code === "ECONNRESET";
  return tlsFailure(cause, reset && !socket.connecting);
}
