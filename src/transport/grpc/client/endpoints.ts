import { isIPv6 } from "node:net";

/** Where a proxy listens. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

const PORT = /^\d{1,5}$/;
const HOST = /^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$/;

/**
 * Reads where proxies listen: `host:port`, several separated by `;` or `,`; an IPv6 address stands in brackets.
 *
 * @throws {TypeError} saying which part cannot be read
 */
export function parseEndpoints(text: string): readonly Endpoint[] {
  const parts = text.split(/[;,]/).map((part) => part.trim()).filter((part) => part !== "");
  if (parts.length === 0) throw malformed(text);
  return parts.map((part) => {
    const colon = part.lastIndexOf(":");
    const port = part.slice(colon + 1);
    const host = unbracketed(part.slice(0, Math.max(0, colon)));
    if (host === undefined || !PORT.test(port) || Number(port) < 1 || Number(port) > 65_535) {
      throw malformed(part);
    }
    return { host, port: Number(port) };
  });
}

/** How gRPC wants it. */
export function targetOf({ host, port }: Endpoint): string {
  return isIPv6(host) ? `ipv6:[${host}]:${port}` : `dns:${host}:${port}`;
}

/** How people read it. */
export function nameOf({ host, port }: Endpoint): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}

function unbracketed(host: string): string | undefined {
  if (host.startsWith("[") && host.endsWith("]")) {
    const inner = host.slice(1, -1);
    return isIPv6(inner) ? inner : undefined;
  }
  return HOST.test(host) ? host : undefined;
}

function malformed(part: string): TypeError {
  return new TypeError(
    `Cannot use 'endpoints': each must be host:port, such as 127.0.0.1:8081: current value is ${
      JSON.stringify(part)
    }`,
  );
}
