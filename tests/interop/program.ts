/** How to start a {@linkcode Program}. */
export interface ProgramStart {
  /** What messages call it. */
  readonly name: string;
  /** The executable. */
  readonly command: string;
  readonly args: readonly string[];
  /** Added to the environment of this process. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Kills the program when aborted. */
  readonly signal?: AbortSignal | undefined;
  /** A folder of its own, removed with it. */
  readonly home?: string | undefined;
}

/** A running program that talks in lines. Disposing kills it. Its standard input ends when this process does. */
export class Program implements AsyncDisposable {
  readonly #start: ProgramStart;
  readonly #child: Deno.ChildProcess;
  readonly #lines: ReadableStreamDefaultReader<string>;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #errors: Promise<string>;
  readonly #abort = () => this.#signal("SIGKILL");
  #errorText = "";
  /** The read that a missed deadline left behind: the next call goes on with it, so no line is lost. */
  #pending: Promise<ReadableStreamReadResult<string>> | undefined;
  #disposed: Promise<void> | undefined;

  /** Starts it. */
  constructor(start: ProgramStart) {
    this.#start = start;
    const pipes = { stdin: "piped", stdout: "piped", stderr: "piped" } as const;
    const { command, args, env = {} } = start;
    this.#child = new Deno.Command(command, { args: [...args], env, ...pipes }).spawn();
    this.#lines = this.#child.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(splitLines())
      .getReader();
    this.#input = this.#child.stdin.getWriter();
    this.#errors = this.#collectErrors();
    start.signal?.addEventListener("abort", this.#abort);
    if (start.signal?.aborted) this.#signal("SIGKILL");
  }

  /** Its process id. */
  get pid(): number {
    return this.#child.pid;
  }

  /** Ends with the program: its exit code (128 + the number of the signal that killed it). */
  get exitCode(): Promise<number> {
    return this.#child.status.then(({ code }) => code);
  }

  /**
   * The next line of stdout. One caller at a time.
   *
   * @throws when the program ends or `deadlineMs` passes before there is one; with what it wrote to stderr
   */
  async nextLine(deadlineMs: number): Promise<string> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<"late">((resolve) => timer = setTimeout(() => resolve("late"), deadlineMs));
    this.#pending ??= this.#lines.read();
    const result = await Promise.race([this.#pending, late]).finally(() => clearTimeout(timer));
    if (result === "late") throw this.#failure(`no line within ${deadlineMs} ms`);
    this.#pending = undefined;
    if (result.value !== undefined) return result.value;
    await this.#errors;
    throw this.#failure("ended without another line");
  }

  /** Writes one line to its stdin. */
  async writeLine(line: string): Promise<void> {
    await this.#input.write(new TextEncoder().encode(`${line}\n`));
  }

  /** SIGKILL; resolves when the process is gone. */
  async kill(): Promise<void> {
    this.#signal("SIGKILL");
    await this.#child.status;
  }

  /** SIGTERM; resolves when the program has ended by itself. */
  async terminate(): Promise<void> {
    this.#signal("SIGTERM");
    await this.#child.status;
  }

  /** Kills it if it runs, and removes its home. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#disposed ??= this.#dispose();
  }

  async #dispose(): Promise<void> {
    this.#start.signal?.removeEventListener("abort", this.#abort);
    await this.kill();
    await this.#input.close().catch(() => {});
    await this.#lines.cancel().catch(() => {});
    await this.#errors;
    if (this.#start.home !== undefined) {
      await Deno.remove(this.#start.home, { recursive: true }).catch(() => {});
    }
  }

  async #collectErrors(): Promise<string> {
    for await (const text of this.#child.stderr.pipeThrough(new TextDecoderStream())) {
      this.#errorText = (this.#errorText + text).slice(-4_000);
    }
    return this.#errorText;
  }

  #signal(signal: Deno.Signal): void {
    try {
      this.#child.kill(signal);
    } catch {
      // It has ended.
    }
  }

  #failure(what: string): Error {
    return new Error(`${this.#start.name}: ${what}. It wrote to stderr:\n${this.#errorText}`);
  }
}

function splitLines(): TransformStream<string, string> {
  let rest = "";
  return new TransformStream({
    transform(text, controller) {
      const lines = (rest + text).split(/\r?\n/);
      rest = lines.pop() ?? "";
      for (const line of lines) controller.enqueue(line);
    },
    flush(controller) {
      if (rest !== "") controller.enqueue(rest);
    },
  });
}
