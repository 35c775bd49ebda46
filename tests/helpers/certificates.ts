/** A certificate and its key, in PEM, and the files that they are in. */
export interface Certificate {
  readonly certificate: string;
  readonly key: string;
  readonly files: { readonly certificate: string; readonly key: string };
}

/** What a certificate says. */
export interface CertificateRequest {
  readonly commonName: string;
  /** As OpenSSL writes them: `IP:127.0.0.1,DNS:broker.test`. Default: none. */
  readonly names?: string;
  /** Default: 1; negative: it has expired. */
  readonly days?: number;
}

/** An authority of its own, which lives in a temporary folder. Needs `openssl`. */
export class Authority implements AsyncDisposable {
  readonly #directory: string;
  #count = 0;

  private constructor(directory: string) {
    this.#directory = directory;
  }

  /** Makes its key and certificate. */
  static async create(): Promise<Authority> {
    const authority = new Authority(await Deno.makeTempDir({ prefix: "rocket-actors-ca-" }));
    await authority.#openssl(
      ...[
        "req",
        "-x509",
        ...NEW_KEY,
        "-keyout",
        "ca.key",
        "-out",
        "ca.pem",
        "-days",
        "2",
        "-subj",
        "/CN=Test CA",
      ],
      ...["-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign"],
    );
    return authority;
  }

  /** The file of its certificate. */
  get file(): string {
    return `${this.#directory}/ca.pem`;
  }

  /** Its certificate, in PEM. */
  certificate(): Promise<string> {
    return Deno.readTextFile(this.file);
  }

  /** Signs a certificate with a key of its own. */
  async issue({ commonName, names, days = 1 }: CertificateRequest): Promise<Certificate> {
    const name = `leaf-${++this.#count}`;
    const extensions = [
      "basicConstraints=CA:FALSE",
      ...(names === undefined ? [] : [`subjectAltName=${names}`]),
    ];
    await Deno.writeTextFile(`${this.#directory}/${name}.ext`, `${extensions.join("\n")}\n`);
    await this.#openssl(
      "req",
      ...NEW_KEY,
      "-keyout",
      `${name}.key`,
      "-out",
      `${name}.csr`,
      "-subj",
      `/CN=${commonName}`,
    );
    await this.#openssl(
      ...["x509", "-req", "-in", `${name}.csr`, "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"],
      ...["-extfile", `${name}.ext`, "-days", String(days), "-out", `${name}.pem`],
    );
    const files = { certificate: `${this.#directory}/${name}.pem`, key: `${this.#directory}/${name}.key` };
    const [certificate, key] = await Promise.all([
      Deno.readTextFile(files.certificate),
      Deno.readTextFile(files.key),
    ]);
    return { certificate, key, files };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.#directory, { recursive: true });
  }

  async #openssl(...args: readonly string[]): Promise<void> {
    const command = new Deno.Command("openssl", { args: [...args], cwd: this.#directory, stdin: "null" });
    const { success, stderr } = await command.output();
    if (!success) throw new Error(`openssl ${args[0]}: ${new TextDecoder().decode(stderr)}`);
  }
}

const NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
