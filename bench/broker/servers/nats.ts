import { findPort } from "../../../tests/broker/ports.ts";
import { installed } from "./install.ts";
import { answersHttp, type Server, startServer } from "./server.ts";

/** What is installed. */
export const NATS_VERSION = "2.15.2";

/** A NATS server without JetStream: nothing is stored. */
export interface NatsServer extends Server {
  /** `nats://host:port` */
  readonly url: string;
}

/**
 * Starts one with its defaults.
 *
 * @throws {BrokerUnavailable} when it cannot be built
 */
export async function startNats(): Promise<NatsServer> {
  const folder = await installed({
    name: "nats-server",
    version: NATS_VERSION,
    command: (into) => [
      `GOBIN=${into}`,
      ...["go", "install", `github.com/nats-io/nats-server/v2@v${NATS_VERSION}`],
    ],
    needs: "Go and its module proxy",
  });
  const [port, monitor] = [findPort(), findPort()];
  const server = await startServer({
    name: "nats-server",
    program: `${folder}/nats-server`,
    args: () => ["--addr", "127.0.0.1", "--port", `${port}`, "--http_port", `${monitor}`],
    check: () => answersHttp(`http://127.0.0.1:${monitor}/healthz`),
  });
  return { ...server, url: `nats://127.0.0.1:${port}` };
}
