import { openDenoSocket } from "./deno_socket.ts";
import { openNodeSocket } from "./node_socket.ts";
import { openTlsSocket } from "./tls_socket.ts";
import type { TlsOptions } from "./tls.ts";

/** A connection: with its ways to open one, the only thing here that knows the runtime. */
export interface Socket {
  /** Reads what is there, at least one byte; resolves with the count, or `null` at the end of the stream. */
  read(into: Uint8Array): Promise<number | null>;
  /** Writes a first part of the bytes; resolves with the count. They must not change before. */
  write(bytes: Uint8Array): Promise<number>;
  /** Closes both directions; pending reads and writes reject. */
  close(): void;
}

const openTcpSocket = "Deno" in globalThis ? openDenoSocket : openNodeSocket;

/**
 * Opens a connection with Nagle's algorithm off: it would hold back the second of two small writes for 40 ms and
 * more.
 *
 * @param tls how it is encrypted; plain TCP when absent
 * @param signal gives up connecting; has no effect afterwards
 */
export function openSocket(
  host: string,
  port: number,
  tls: TlsOptions | undefined,
  signal: AbortSignal,
): Promise<Socket> {
  return tls === undefined ? openTcpSocket(host, port, signal) : openTlsSocket(host, port, tls, signal);
}
