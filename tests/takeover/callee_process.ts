import type { ServiceState } from "rocket-actors";

const WAIT_LIMIT_MS = 30_000;

/** What a callee wrote down. */
export interface Events {
  /** Call ids whose start was about to be recorded. */
  readonly asked: ReadonlySet<string>;
  readonly ran: readonly {
    readonly method: string;
    readonly n: number;
    readonly attempt: number;
    readonly callId: string;
  }[];
  /** `method n` of handlers that ended. */
  readonly done: ReadonlySet<string>;
  /** Why queues were lost. */
  readonly lost: readonly string[];
}

/** A callee in a process of its own, which a test may kill. */
export class CalleeProcess implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #lines: ReadableStreamDefaultReader<string>;
  readonly #stdin: WritableStreamDefaultWriter<Uint8Array>;
  readonly #eventFile: string;
  readonly #stderr: Promise<string>;
  /** When its own code began to run, by `performance.now()`: the runtime had been started by then. */
  beganAtMs = NaN;
  #buffered = "";
  #ended = false;

  constructor(child: Deno.ChildProcess, eventFile: string) {
    this.#child = child;
    this.#eventFile = eventFile;
    this.#lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    this.#stdin = child.stdin.getWriter();
    this.#stderr = new Response(child.stderr).text();
  }

  /** The process id. */
  get pid(): number {
    return this.#child.pid;
  }

  /** Waits for one line, and fails with the process's own words when it ends instead. */
  async line(): Promise<string> {
    while (!this.#buffered.includes("\n")) {
      const { value, done } = await this.#lines.read();
      if (done) throw new Error(`The callee has ended: ${await this.#stderr}`);
      this.#buffered += value;
    }
    const end = this.#buffered.indexOf("\n");
    const line = this.#buffered.slice(0, end);
    this.#buffered = this.#buffered.slice(end + 1);
    return line;
  }

  /** Asks for the service's state. */
  async state(): Promise<ServiceState> {
    await this.#stdin.write(new TextEncoder().encode("state\n"));
    return JSON.parse(await this.line());
  }

  /** Waits until it owns that many queues. */
  async owns(queues: number): Promise<void> {
    for (const until = performance.now() + WAIT_LIMIT_MS;;) {
      const owned = (await this.state()).queues.length;
      if (owned === queues) return;
      if (performance.now() > until) throw new Error(`It owns ${owned} queues, not ${queues}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** SIGSTOP: as a long pause of the machine. */
  pause(): void {
    this.#child.kill("SIGSTOP");
  }

  /** SIGCONT. */
  resume(): void {
    this.#child.kill("SIGCONT");
  }

  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void> {
    return this.#end("SIGKILL");
  }

  /** SIGTERM; resolves when the process has stopped by itself. */
  stop(): Promise<void> {
    return this.#end("SIGTERM");
  }

  /** SIGSTOPs it while handlers of that method have begun and not ended: nothing can end them before it is killed. */
  async pauseAtWork(method: string): Promise<void> {
    for (const until = performance.now() + WAIT_LIMIT_MS; performance.now() < until;) {
      this.pause();
      const { ran, done } = await this.events();
      if (ran.some((run) => run.method === method && !done.has(`${method} ${run.n}`))) return;
      this.resume();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    throw new Error(`No handler of "${method}" was at work within ${WAIT_LIMIT_MS} ms`);
  }

  /** What it has written down so far. */
  async events(): Promise<Events> {
    const lines = (await Deno.readTextFile(this.#eventFile)).split("\n").filter((line) => line !== "");
    const words = lines.map((line) => line.split(" "));
    return {
      asked: new Set(words.filter(([kind]) => kind === "asked").map(([, id]) => id ?? "")),
      ran: words.filter(([kind]) => kind === "ran").map(([, method = "", n, attempt, callId = ""]) => ({
        method,
        n: Number(n),
        attempt: Number(attempt),
        callId,
      })),
      done: new Set(words.filter(([kind]) => kind === "done").map(([, method, n]) => `${method} ${n}`)),
      lost: words.filter(([kind]) => kind === "lost").map(([, ...reason]) => reason.join(" ")),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  async #end(signal: Deno.Signal): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    this.#child.kill(signal);
    await this.#child.status;
    await this.#lines.cancel();
    await this.#stdin.abort().catch(() => {});
    await this.#stderr;
  }
}

/** Starts a callee and waits until it serves. */
export async function startCallee(
  nameServer: string,
  contract: string,
  directory: string,
  ...flags: readonly string[]
): Promise<CalleeProcess> {
  const eventFile = await Deno.makeTempFile({ dir: directory, prefix: "events-" });
  const program = new URL("./callee.ts", import.meta.url).pathname;
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", program, nameServer, contract, eventFile, ...flags],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  });
  const callee = new CalleeProcess(command.spawn(), eventFile);
  for (const expected of ["begins", "ready"]) {
    const line = await callee.line();
    if (line !== expected) throw new Error(`The callee said ${JSON.stringify(line)}`);
    if (expected === "begins") callee.beganAtMs = performance.now();
  }
  return callee;
}
