import type { Socket } from "./socket.ts";

/** Opens a TCP connection in Deno. Its own connections cost less per frame than those of `node:net` do. */
export async function openDenoSocket(host: string, port: number, signal: AbortSignal): Promise<Socket> {
  const connection = await Deno.connect({ hostname: host, port, signal });
  try {
    connection.setNoDelay(true);
  } catch (error) {
    connection.close();
    throw error;
  }
  return connection;
}
