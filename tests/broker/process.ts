import { ClusterFailed } from "./errors.ts";

/**
 * Runs the JVM with exec, so that the child's pid is the JVM's own. The background reader holds the other end of
 * our stdin pipe: when the launching process dies, however it dies, the pipe ends and the JVM is killed. It reads
 * through fd 3 because a shell gives background jobs an empty stdin.
 */
const WATCHED_EXEC = `
log=$1; shift
exec 3<&0
{ read -r _ <&3; kill -9 $$; } >/dev/null 2>&1 &
exec "$@" </dev/null >>"$log" 2>&1 3<&-
`;

/** How to start one JVM, or another server. */
export interface JvmCommand {
  /** Name for messages, such as "broker-a". */
  readonly name: string;
  /** What runs; default `java`. */
  readonly program?: string;
  /** Its arguments; those of `java`: options, main class and arguments. */
  readonly args: readonly string[];
  /** Environment variables to set, on top of the inherited ones. */
  readonly env?: Readonly<Record<string, string>>;
  /** File that takes stdout and stderr; appended to. */
  readonly logFile: string;
  /** Files that the program itself logs to, shown with the first one in messages. */
  readonly ownLogs?: readonly string[];
}

/** One running JVM. It does not outlive the process that started it. */
export class JvmProcess {
  readonly #command: JvmCommand;
  readonly #child: Deno.ChildProcess;
  readonly #ended: Promise<Deno.CommandStatus>;
  #status: Deno.CommandStatus | undefined;

  /** Starts the JVM. It answers later, or ends early: see {@linkcode throwIfEnded}. */
  constructor(command: JvmCommand) {
    this.#command = command;
    this.#child = new Deno.Command("sh", {
      args: ["-c", WATCHED_EXEC, "sh", command.logFile, command.program ?? "java", ...command.args],
      env: { ...command.env },
      stdin: "piped",
      stdout: "null",
      stderr: "null",
    }).spawn();
    this.#ended = this.#awaitEnd();
  }

  async #awaitEnd(): Promise<Deno.CommandStatus> {
    const status = await this.#child.status;
    this.#status = status;
    // Ends the background reader. It cannot hit another process: the pid was freed just now.
    await this.#child.stdin.close().catch(() => {});
    return status;
  }

  /** Name for messages. */
  get name(): string {
    return this.#command.name;
  }

  /** The JVM's own process id. */
  get pid(): number {
    return this.#child.pid;
  }

  /** Whether the process has not ended yet; true for a paused one. */
  get running(): boolean {
    return this.#status === undefined;
  }

  /** Sends a signal; does nothing once the process has ended. */
  signal(signal: Deno.Signal): void {
    if (!this.running) return;
    try {
      this.#child.kill(signal);
    } catch (error) {
      // Ended a moment ago, not noticed yet.
      if (!(error instanceof TypeError) && !(error instanceof Deno.errors.NotFound)) throw error;
    }
  }

  /** SIGKILL; resolves when the process is gone. */
  async kill(): Promise<void> {
    this.signal("SIGKILL");
    await this.#ended;
  }

  /** SIGTERM, and SIGKILL after `timeoutMs`; resolves when the process is gone. */
  async stop(timeoutMs: number): Promise<void> {
    // A paused process would not see SIGTERM.
    this.signal("SIGCONT");
    this.signal("SIGTERM");
    const timer = setTimeout(() => this.signal("SIGKILL"), timeoutMs);
    try {
      await this.#ended;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Throws {@linkcode ClusterFailed} with the tail of the log if the process has ended. */
  async throwIfEnded(): Promise<void> {
    if (this.#status === undefined) return;
    const { code, signal } = this.#status;
    const how = signal === null ? `exit code ${code}` : signal;
    throw new ClusterFailed(`${this.name} ended early (${how})\n${await this.logTail()}`);
  }

  /** The last lines of everything this process logged, each file under a line that names it. */
  async logTail(lines = 40): Promise<string> {
    const files = [this.#command.logFile, ...this.#command.ownLogs ?? []];
    const tails = await Promise.all(files.map((file) => tailOf(file, lines)));
    return `--- ${this.name} (pid ${this.pid})\n${tails.join("")}`;
  }
}

async function tailOf(file: string, lines: number): Promise<string> {
  const text = await Deno.readTextFile(file).catch(() => "");
  if (text.trim() === "") return "";
  return `-- ${file}\n${text.trimEnd().split("\n").slice(-lines).join("\n")}\n`;
}
