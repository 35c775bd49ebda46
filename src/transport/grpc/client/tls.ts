import { Buffer } from "node:buffer";
import { isIP } from "node:net";
import { checkServerIdentity, type PeerCertificate } from "node:tls";
import { ChannelCredentials, type ChannelOptions, type GrpcCredentials } from "../../../deps/grpc.ts";

/** How connections are encrypted. All certificates and keys are PEM text. */
export interface GrpcTlsOptions {
  /** Certificates of the authorities to trust, instead of those that the machine trusts. */
  readonly ca?: string | readonly string[] | undefined;
  /** This client's certificate, followed by those that lead to its authority; with `key`. */
  readonly certificate?: string | undefined;
  /** The private key of `certificate`, not encrypted. */
  readonly key?: string | undefined;
  /** The name that the proxy's certificate must be for. Default: the host of its endpoint. */
  readonly serverName?: string | undefined;
}

/** The name that is asked for where there is only an address. */
const NAMELESS = "proxy.invalid";
const CERTIFICATE = /-----BEGIN (TRUSTED )?CERTIFICATE-----/;
const PRIVATE_KEY = /-----BEGIN ([A-Z]+ )?PRIVATE KEY-----/;

/**
 * What gRPC encrypts connections with.
 *
 * @param tls `false`: nothing
 * @param host what the certificate has to be for, unless the options name something else
 * @throws {TypeError} saying which option is wrong
 */
export function channelCredentials(
  tls: boolean | GrpcTlsOptions,
  host: string = "",
): GrpcCredentials {
  if (tls === false) return ChannelCredentials.createInsecure();
  const { ca, certificate, key, serverName }: GrpcTlsOptions = tls === true ? {} : tls;
  const authorities = ca === undefined ? undefined : typeof ca === "string" ? ca : ca.join("\n");
  if (authorities !== undefined && !CERTIFICATE.test(authorities)) {
    throw wrong("ca", "it must be PEM text of certificates");
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
  const name = serverName ?? host;
  const verify = {
    checkServerIdentity: (_: string, peer: PeerCertificate) => checkServerIdentity(name, peer),
  };
  return ChannelCredentials.createSsl(bytes(authorities), bytes(key), bytes(certificate), verify);
}

/** What gRPC is told about the name that it asks the proxy for. */
export function tlsChannelOptions(tls: boolean | GrpcTlsOptions, host: string): ChannelOptions {
  if (tls === false) return {};
  const serverName = tls === true ? undefined : tls.serverName;
  // Nothing may ask for an address by name. Who answers is checked for the address all the same.
  const name = serverName ?? (isIP(host) === 0 ? undefined : NAMELESS);
  return name === undefined ? {} : { "grpc.ssl_target_name_override": name };
}

function bytes(pem: string | undefined): Buffer | null {
  return pem === undefined ? null : Buffer.from(pem);
}

function wrong(option: string, what: string): TypeError {
  return new TypeError(`Cannot use 'tls.${option}': ${what}`);
}
