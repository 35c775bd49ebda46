import type { ConnectionOptions as NodeTlsOptions } from "node:tls";
import { isIP } from "node:net";

/** How connections are encrypted. All certificates and keys are PEM text. */
export interface TlsOptions {
  /** Certificates of the authorities to trust, instead of those that the machine trusts. */
  readonly ca?: string | readonly string[] | undefined;
  /** This client's certificate, followed by those that lead to its authority; with `key`. */
  readonly certificate?: string | undefined;
  /** The private key of `certificate`, not encrypted. */
  readonly key?: string | undefined;
  /** The name, not an address, that servers' certificates must be for. Default: the host of each address. */
  readonly serverName?: string | undefined;
}

const CERTIFICATE = /-----BEGIN (TRUSTED )?CERTIFICATE-----/;
const PRIVATE_KEY = /-----BEGIN ([A-Z]+ )?PRIVATE KEY-----/;

/**
 * Checks the form of TLS options, so that a wrong file is noticed where it is given and not at the first handshake.
 *
 * @throws TypeError saying which option is wrong
 */
export function checkTls(tls: TlsOptions): TlsOptions {
  const { ca, certificate, key, serverName } = tls;
  const authorities = ca === undefined ? [] : typeof ca === "string" ? [ca] : [...ca];
  if (ca !== undefined && authorities.length === 0) throw wrong("ca", "it must hold a certificate");
  for (const pem of authorities) {
    if (!CERTIFICATE.test(pem)) throw wrong("ca", "it must be PEM text of certificates");
  }
  if ((certificate === undefined) !== (key === undefined)) {
    throw wrong(certificate === undefined ? "certificate" : "key", "'certificate' and 'key' go together");
  }
  if (certificate !== undefined && !CERTIFICATE.test(certificate)) {
    throw wrong("certificate", "it must be PEM text of a certificate");
  }
  if (key !== undefined && !PRIVATE_KEY.test(key)) {
    throw wrong("key", "it must be PEM text of a private key that is not encrypted");
  }
  if (serverName === "" || isIP(serverName ?? "") !== 0) {
    throw wrong("serverName", "it must be a name; an address is checked where it is connected to");
  }
  return { ca: ca === undefined ? undefined : authorities, certificate, key, serverName };
}

function wrong(option: string, what: string): TypeError {
  return new TypeError(`Cannot use 'tls.${option}': ${what}`);
}

/** The options of a handshake with a host. */
export function handshakeOptions(host: string, tls: TlsOptions): NodeTlsOptions {
  const { ca, certificate, key, serverName = host } = tls;
  return {
    ...(ca === undefined ? {} : { ca: typeof ca === "string" ? ca : [...ca] }),
    ...(certificate === undefined ? {} : { cert: certificate }),
    ...(key === undefined ? {} : { key }),
    // An address is checked against the certificate's addresses, but never sent as a name.
    ...(isIP(serverName) === 0 ? { servername: serverName } : {}),
    minVersion: "TLSv1.2",
  };
}

/** What to do about a failed handshake, by the code of the error. */
const ADVICE: ReadonlyMap<string, string> = new Map([
  ...[
    "SELF_SIGNED_CERT_IN_CHAIN",
    "DEPTH_ZERO_SELF_SIGNED_CERT",
    "UNABLE_TO_GET_ISSUER_CERT",
    "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
    "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
    "CERT_SIGNATURE_FAILURE",
    "CERT_UNTRUSTED",
  ].map((code): [string, string] => [
    code,
    "its certificate is of no authority trusted here: give that authority's certificate as 'tls.ca'",
  ]),
  ["CERT_HAS_EXPIRED", "its certificate has expired: let the server's operator renew it"],
  ["CERT_NOT_YET_VALID", "its certificate is not valid yet: compare the clocks of both machines"],
  [
    "ERR_TLS_CERT_ALTNAME_INVALID",
    "its certificate is for another name: connect by a name that it is for, or give that as 'tls.serverName'",
  ],
]);

/** Alerts by which a server says that it misses or refuses this client's certificate. */
const CLIENT_CERTIFICATE_ALERT = /certificate.?required|bad.?certificate|handshake.?failure|unknown.?ca/i;
/** What a server that speaks no TLS looks like from here. */
const NOT_TLS =
  /wrong.?version.?number|packet length too long|corrupt message|unexpected (handshake )?message|unexpected eof/i;

/** Says in one line why TLS failed and what to do. */
export function tlsFailure(error: Error, closedInHandshake = false): string {
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  const advice = ADVICE.get(code);
  if (advice !== undefined) return advice;
  const said = `${code} ${error.message}`;
  if (closedInHandshake || NOT_TLS.test(said)) {
    return `the server does not answer in TLS: switch it on there, or leave out 'tls' (${error.message})`;
  }
  if (CLIENT_CERTIFICATE_ALERT.test(said)) {
    return "the server wants a client certificate that it trusts: " +
      `give one as 'tls.certificate' and 'tls.key' (${error.message})`;
  }
  return error.message;
}

/** What to look at when a server breaks a connection before it has said anything. */
export function neverHeard(tls: TlsOptions | undefined): string {
  const nothing = "it has said nothing so far: see whether it is RocketMQ's";
  if (tls === undefined) return `${nothing}, and wants TLS`;
  return tls.certificate === undefined ? `${nothing}, and wants a client certificate` : nothing;
}
