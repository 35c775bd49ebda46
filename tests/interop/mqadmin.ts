import { type JavaOptions, startJava } from "./java.ts";
import type { Program } from "./program.ts";

const START_MS = 60_000;
const COMMAND_MS = 30_000;
const END = "-- end";

/** RocketMQ's own admin tools, in one JVM for all commands. */
export class Mqadmin implements AsyncDisposable {
  readonly #program: Program;

  constructor(program: Program) {
    this.#program = program;
  }

  /** Runs one command, written as for a shell; returns what it printed. */
  async run(command: string): Promise<string> {
    await this.#program.writeLine(command);
    const lines: string[] = [];
    while (true) {
      const line = await this.#program.nextLine(COMMAND_MS);
      if (line === END) return lines.join("\n");
      lines.push(line);
    }
  }

  /** Runs one command that prints a table; returns its rows, as lists of words. */
  async table(command: string): Promise<string[][]> {
    const text = await this.run(command);
    return text.split("\n").filter((line) => line !== "" && !line.startsWith("#"))
      .map((line) => line.trim().split(/\s+/));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program[Symbol.asyncDispose]();
  }
}

/**
 * Starts the admin tools.
 *
 * @throws {BrokerUnavailable} when Java, Maven or the jars are missing
 */
export async function startMqadmin(options: JavaOptions = {}): Promise<Mqadmin> {
  const program = await startJava("Admin", [], options);
  await program.nextLine(START_MS);
  return new Mqadmin(program);
}
