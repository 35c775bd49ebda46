import type { Journal } from "./journal.ts";

/** One of a round's processes. */
export class Program implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #lines: ReadableStreamDefaultReader<string>;
  readonly #stdin: WritableStreamDefaultWriter<Uint8Array>;
  readonly #stderr: Promise<string>;
  readonly #journal: Journal;
  #buffered = "";
  #ended: Promise<void> | undefined;

  /** @param name the program beside this file, such as `callee.ts` */
  constructor(name: string, args: readonly string[], journal: Journal) {
    const path = new URL(name, import.meta.url).pathname;
    this.#child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--quiet", "--no-check", path, ...args],
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#lines = this.#child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    this.#stdin = this.#child.stdin.getWriter();
    this.#stderr = new Response(this.#child.stderr).text();
    this.#journal = journal;
  }

  /** The process id. */
  get pid(): number {
    return this.#child.pid;
  }

  /** Waits for one line; fails with the process's own words when it ends or says something else. */
  async says(expected: string): Promise<void> {
    while (!this.#buffered.includes("\n")) {
      const { value, done } = await this.#lines.read();
      if (done) throw new Error(`It ended before it said "${expected}": ${await this.#stderr}`);
      this.#buffered += value;
    }
    const end = this.#buffered.indexOf("\n");
    const line = this.#buffered.slice(0, end);
    this.#buffered = this.#buffered.slice(end + 1);
    if (line !== expected) throw new Error(`It said "${line}" and not "${expected}"`);
  }

  /** Writes one line to it. */
  async tell(line: string): Promise<void> {
    await this.#stdin.write(new TextEncoder().encode(line + "\n"));
  }

  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void> {
    return this.#ended ??= this.#end("SIGKILL");
  }

  /** SIGTERM; resolves when the process has stopped by itself. */
  stop(): Promise<void> {
    return this.#ended ??= this.#end("SIGTERM");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  async #end(signal: Deno.Signal): Promise<void> {
    // One that has ended by itself is as good.
    try {
      this.#child.kill(signal);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
    }
    await this.#child.status;
    this.#journal.write({ is: "gone", pid: this.pid });
    await this.#lines.cancel();
    await this.#stdin.abort().catch(() => {});
    await this.#stderr;
  }
}
