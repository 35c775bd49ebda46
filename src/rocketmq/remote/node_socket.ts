import { connect } from "node:net";
import type { Socket } from "./socket.ts";
import { openStream } from "./stream_socket.ts";
import { textOf } from "./text_of.ts";

/**
 * Opens a TCP connection by `node:net`, which Node and Bun have.
 *
 * @param signal gives up connecting; has no effect afterwards
 */
export function openNodeSocket(host: string, port: number, signal: AbortSignal): Promise<Socket> {
  return openStream(connect({ host, port }), "connect", signal, {
    connecting: (cause) => cause === undefined ? "the connection was closed at once" : unreachable(cause),
    connected: textOf,
  });
}

/** Of several addresses of a host, none of which answers, Node puts the reasons into one error without a text. */
function unreachable(cause: Error): string {
  const reasons: unknown[] = cause instanceof AggregateError && cause.message === "" ? cause.errors : [cause];
  return reasons.map(textOf).join(", ");
}
