import { RocketMqError } from "../error.ts";
import { parseAddress } from "./address.ts";
import { Connection } from "./connection.ts";
import type { ConnectionOptions } from "./connection_options.ts";
import { openSocket } from "./socket.ts";
import { textOf } from "./text_of.ts";

/**
 * Connects to a server.
 *
 * @param address `host:port`
 * @throws TypeError when the address is malformed
 * @throws RocketMqError kind `not_sent`, when no connection came about within its time
 */
export async function connect(
  address: string,
  options: ConnectionOptions & { readonly signal?: AbortSignal | undefined },
): Promise<Connection> {
  const { host, port } = parseAddress(address);
  const { connectTimeoutMs = 3_000, signal } = options;
  signal?.throwIfAborted();
  const giveUp = new AbortController();
  const timer = options.wheel.schedule(connectTimeoutMs, () => giveUp.abort());
  const onAbort = (): void => giveUp.abort();
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    const socket = await openSocket(host, port, options.tls, giveUp.signal);
    if (giveUp.signal.aborted) {
      socket.close();
      throw new Error("The connection came too late");
    }
    return new Connection(address, socket, options);
  } catch (cause) {
    signal?.throwIfAborted();
    const reason = giveUp.signal.aborted ? `no answer within ${connectTimeoutMs} ms` : textOf(cause);
    throw new RocketMqError("not_sent", `Cannot connect to ${address}: ${reason}`, { address, cause });
  } finally {
    timer.cancel();
    signal?.removeEventListener("abort", onAbort);
  }
}
