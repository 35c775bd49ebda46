/** Host and port of a server. */
export interface HostAndPort {
  /** Name or IP address, IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
}

/**
 * Splits `host:port` at its last colon; an IPv6 host may stand in brackets or not.
 *
 * @throws TypeError when it is not of that form
 */
export function parseAddress(address: string): HostAndPort {
  const colon = address.lastIndexOf(":");
  const host = address.slice(0, Math.max(0, colon)).replace(/^\[(.*)\]$/, "$1");
  const digits = address.slice(colon + 1);
  const port = /^\d{1,5}$/.test(digits) ? Number(digits) : 0;
  if (host === "" || port < 1 || port > 0xffff) {
    throw new TypeError(`Cannot use "${address}" as an address: write it as "host:port"`);
  }
  return { host, port };
}
