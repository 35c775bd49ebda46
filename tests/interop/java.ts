import { fileURLToPath } from "node:url";
import { DEFAULT_VERSION, javaClassPath } from "../broker/launcher.ts";

/** The programs of the folder `java`. */
export type JavaProgram = "Requester" | "Responder" | "BenchRequester" | "BenchResponder";

/** How to start one. */
export interface JavaOptions {
  /** Kills the program when aborted. */
  signal?: AbortSignal;
  /** Version of the Java client; default as the broker's. */
  version?: string;
}

/**
 * Starts a Java peer, which uses the official client. It compiles itself first: its first line takes some seconds.
 *
 * @throws {BrokerUnavailable} when Java, Maven or the jars are missing
 */
export async function startJava(
  program: JavaProgram,
  args: readonly string[],
  options: JavaOptions = {},
): Promise<JavaProcess> {
  const classPath = await javaClassPath(options.version ?? DEFAULT_VERSION, options.signal);
  const home = await Deno.makeTempDir({ prefix: "rocket-actors-java-" });
  return new JavaProcess(program, [
    // The client logs to this home, so that stdout carries the program's own lines only.
    ...[`-Duser.home=${home}`, "-Xmx512m", "-XX:-UsePerfData", "-cp", classPath],
    ...[fileURLToPath(new URL(`./java/${program}.java`, import.meta.url)), ...args],
  ], { home, signal: options.signal });
}

interface Belongings {
  readonly home: string;
  readonly signal: AbortSignal | undefined;
}

/** A running Java peer. Disposing kills it and removes what it logged. A responder ends when this process does. */
export class JavaProcess implements AsyncDisposable {
  readonly #program: string;
  readonly #child: Deno.ChildProcess;
  readonly #belongings: Belongings;
  readonly #lines: ReadableStreamDefaultReader<string>;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #errors: Promise<string>;
  readonly #abort = () => this.#signal();
  #errorText = "";
  /** The read that a missed deadline left behind: the next call goes on with it, so no line is lost. */
  #pending: Promise<ReadableStreamReadResult<string>> | undefined;
  #disposed: Promise<void> | undefined;

  /** Use {@linkcode startJava}. */
  constructor(program: string, args: readonly string[], belongings: Belongings) {
    this.#program = program;
    this.#belongings = belongings;
    const pipes = { stdin: "piped", stdout: "piped", stderr: "piped" } as const;
    this.#child = new Deno.Command("java", { args: [...args], ...pipes }).spawn();
    this.#lines = this.#child.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(splitLines())
      .getReader();
    this.#input = this.#child.stdin.getWriter();
    this.#errors = this.#collectErrors();
    belongings.signal?.addEventListener("abort", this.#abort);
    if (belongings.signal?.aborted) this.#signal();
  }

  /** The JVM's process id. */
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
    this.#signal();
    await this.#child.status;
  }

  /** Kills it if it runs, and removes its home. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#disposed ??= this.#dispose();
  }

  async #dispose(): Promise<void> {
    this.#belongings.signal?.removeEventListener("abort", this.#abort);
    await this.kill();
    await this.#input.close().catch(() => {});
    await this.#lines.cancel().catch(() => {});
    await this.#errors;
    await Deno.remove(this.#belongings.home, { recursive: true }).catch(() => {});
  }

  async #collectErrors(): Promise<string> {
    for await (const text of this.#child.stderr.pipeThrough(new TextDecoderStream())) {
      this.#errorText = (this.#errorText + text).slice(-4_000);
    }
    return this.#errorText;
  }

  #signal(): void {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended.
    }
  }

  #failure(what: string): Error {
    return new Error(`${this.#program}.java: ${what}. It wrote to stderr:\n${this.#errorText}`);
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
