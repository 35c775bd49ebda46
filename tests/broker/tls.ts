/** What a cluster's servers show and ask for. Paths of PEM files; keys in PKCS #8. */
export interface TlsSettings {
  /** The authority of `certificate`, and of clients' certificates where they are asked for. */
  readonly ca: string;
  /** For 127.0.0.1 among others. */
  readonly certificate: string;
  readonly key: string;
  /** Refuse clients that speak no TLS; default false: they take either. */
  readonly enforcing?: boolean;
  /** Ask clients for a certificate; default false. */
  readonly clientCertificates?: boolean;
}

/** System properties of a name server or broker. RocketMQ: TlsSystemConfig. */
export function tlsProperties(tls: TlsSettings | undefined): readonly string[] {
  if (tls === undefined) return [];
  const { ca, certificate, key, enforcing = false, clientCertificates = false } = tls;
  return [
    "-Dtls.test.mode.enable=false",
    `-Dtls.server.mode=${enforcing ? "enforcing" : "permissive"}`,
    `-Dtls.server.certPath=${certificate}`,
    `-Dtls.server.keyPath=${key}`,
    ...(clientCertificates
      ? [
        "-Dtls.server.need.client.auth=require",
        "-Dtls.server.authClient=true",
        `-Dtls.server.trustCertPath=${ca}`,
      ]
      : []),
    // A broker speaks to its name servers the same way.
    ...(enforcing
      ? ["-Dtls.enable=true", "-Dtls.client.authServer=true", `-Dtls.client.trustCertPath=${ca}`]
      : []),
    ...(clientCertificates ? [`-Dtls.client.certPath=${certificate}`, `-Dtls.client.keyPath=${key}`] : []),
  ];
}

/** Entries of the proxy's file. It takes plain connections on the same port, and asks nobody for a certificate. */
export function proxyTlsConfig({ certificate, key }: TlsSettings): Readonly<Record<string, unknown>> {
  return { tlsTestModeEnable: false, tlsCertPath: certificate, tlsKeyPath: key };
}

/** How a probe connects to servers that take TLS only. */
export interface ProbeTls {
  readonly caCerts: string[];
  readonly cert: string;
  readonly key: string;
}

/** Undefined where plain connections do. */
export async function probeTls(tls: TlsSettings | undefined): Promise<ProbeTls | undefined> {
  if (tls?.enforcing !== true) return undefined;
  const [ca, cert, key] = await Promise.all(
    [tls.ca, tls.certificate, tls.key].map((path) => Deno.readTextFile(path)),
  );
  return { caCerts: [ca ?? ""], cert: cert ?? "", key: key ?? "" };
}
