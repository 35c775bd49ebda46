import { BrokerUnavailable } from "./errors.ts";

/** Names the environment variable that points tests at a running name server. */
export const NAME_SERVER_VARIABLE = "ROCKET_ACTORS_NAME_SERVER";
/** Names the environment variable that points tests at a running gRPC proxy. */
export const PROXY_VARIABLE = "ROCKET_ACTORS_PROXY";

const ADDRESS = /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):(\d{1,5})$/;

/** Addresses named by the environment. */
export interface NamedEndpoints {
  readonly nameServer: string;
  readonly proxy: string | undefined;
}

/**
 * Reads the endpoints out of the environment; undefined when it names none.
 *
 * @throws {BrokerUnavailable} when a variable is malformed, or names a proxy without a name server
 */
export function endpointsFrom(get: (name: string) => string | undefined): NamedEndpoints | undefined {
  const nameServer = get(NAME_SERVER_VARIABLE)?.trim() ?? "";
  const proxy = get(PROXY_VARIABLE)?.trim() ?? "";
  if (nameServer === "" && proxy === "") return undefined;
  if (nameServer === "") {
    throw new BrokerUnavailable(
      `${PROXY_VARIABLE} is set, ${NAME_SERVER_VARIABLE} is not: set both or neither`,
    );
  }
  if (!nameServer.split(";").every(isAddress)) {
    throw malformed(NAME_SERVER_VARIABLE, nameServer, "[;host:port...]");
  }
  if (proxy !== "" && !isAddress(proxy)) throw malformed(PROXY_VARIABLE, proxy, "");
  return { nameServer, proxy: proxy === "" ? undefined : proxy };
}

function isAddress(text: string): boolean {
  const port = Number(ADDRESS.exec(text)?.[1] ?? 0);
  return port > 0 && port <= 65_535;
}

function malformed(variable: string, value: string, more: string): BrokerUnavailable {
  const form = `host:port${more}`;
  return new BrokerUnavailable(
    `${variable} is "${value}"; it has to be of the form ${form}, e.g. 127.0.0.1:9876`,
  );
}
