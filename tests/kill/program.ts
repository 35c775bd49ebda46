import { Program as LineProgram } from "../interop/program.ts";
import type { Journal } from "./journal.ts";

/** One of a round's processes. */
export class Program implements AsyncDisposable {
  readonly #program: LineProgram;
  readonly #journal: Journal;
  #ended: Promise<void> | undefined;

  /** @param name the program beside this file, such as `callee.ts` */
  constructor(name: string, args: readonly string[], journal: Journal) {
    const path = new URL(name, import.meta.url).pathname;
    this.#program = new LineProgram({
      name,
      command: Deno.execPath(),
      args: ["run", "-A", "--quiet", "--no-check", path, ...args],
    });
    this.#journal = journal;
  }

  /** The process id. */
  get pid(): number {
    return this.#program.pid;
  }

  /** Waits for one line; fails with the process's own words when it ends, says something else, or nothing in time. */
  async says(expected: string, limitMs: number): Promise<void> {
    const line = await this.#program.nextLine(limitMs);
    if (line !== expected) throw new Error(`It said "${line}" and not "${expected}"`);
  }

  /** Writes one line to it. */
  async tell(line: string): Promise<void> {
    await this.#program.writeLine(line);
  }

  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void> {
    return this.#ended ??= this.#end(this.#program.kill());
  }

  /** SIGTERM; resolves when the process has stopped by itself. */
  stop(): Promise<void> {
    return this.#ended ??= this.#end(this.#program.terminate());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  async #end(gone: Promise<void>): Promise<void> {
    await gone;
    this.#journal.write({ is: "gone", pid: this.pid });
    await this.#program[Symbol.asyncDispose]();
  }
}
