/** A producer in a process of its own, which a test may kill. */
export class ProducerProcess implements AsyncDisposable {
  readonly name: string;
  readonly #child: Deno.ChildProcess;
  #ended = false;

  private constructor(name: string, child: Deno.ChildProcess) {
    this.name = name;
    this.#child = child;
  }

  /** Starts one; resolves when it serves. */
  static async start(nameServer: string, contract: string, name: string): Promise<ProducerProcess> {
    const program = new URL("./producer.ts", import.meta.url).pathname;
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--quiet", "--no-check", program, nameServer, contract, name],
      stdin: "null",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const producer = new ProducerProcess(name, child);
    const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    const { value } = await reader.read();
    await reader.cancel();
    if (value?.trim() === "ready") return producer;
    await producer.kill();
    throw new Error(`Producer ${name} did not start`);
  }

  /** SIGKILL; resolves when the process is gone. */
  async kill(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    this.#child.kill("SIGKILL");
    await this.#child.status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}
