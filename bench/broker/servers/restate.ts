import { findPort } from "../../../tests/broker/ports.ts";
import { installed } from "./install.ts";
import { answersHttp, type Server, startServer } from "./server.ts";

/** What is installed. */
export const RESTATE_VERSION = "1.7.12";

/** A Restate server of one node, its log on disk. */
export interface RestateServer extends Server {
  /** Where calls go: `http://host:port`. */
  readonly ingress: string;
  /** Where services are announced: `http://host:port`. */
  readonly admin: string;
}

/**
 * Starts one with its defaults.
 *
 * @throws {BrokerUnavailable} when it cannot be installed
 */
export async function startRestate(): Promise<RestateServer> {
  const folder = await installed({
    name: "restate-server",
    version: RESTATE_VERSION,
    command: (into) => [
      ...["npm", "install", "--prefix", into, "--ignore-scripts", "--no-audit", "--no-fund"],
      `@restatedev/restate-server@${RESTATE_VERSION}`,
    ],
    needs: "npm and its registry",
  });
  const [ingress, admin, fabric, tokio] = [findPort(), findPort(), findPort(), findPort()];
  const server = await startServer({
    name: "restate-server",
    program: `${folder}/node_modules/@restatedev/restate-server-${platform()}/bin/restate-server`,
    args: (base) => ["--base-dir", base],
    env: {
      RESTATE_INGRESS__BIND_ADDRESS: `127.0.0.1:${ingress}`,
      RESTATE_ADMIN__BIND_ADDRESS: `127.0.0.1:${admin}`,
      RESTATE_BIND_ADDRESS: `127.0.0.1:${fabric}`,
      RESTATE_ADVERTISED_ADDRESS: `http://127.0.0.1:${fabric}/`,
      RESTATE_ADMIN__QUERY_ENGINE__PGSQL_BIND_ADDRESS: `127.0.0.1:${tokio}`,
      DO_NOT_TRACK: "1",
    },
    check: async () =>
      await answersHttp(`http://127.0.0.1:${ingress}/restate/health`) &&
      await answersHttp(`http://127.0.0.1:${admin}/health`),
  });
  return { ...server, ingress: `http://127.0.0.1:${ingress}`, admin: `http://127.0.0.1:${admin}` };
}

/** As the registry's packages say it. */
function platform(): string {
  const { os, arch } = Deno.build;
  return `${os}-${arch === "x86_64" ? "x64" : "arm64"}`;
}
