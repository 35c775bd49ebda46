import assert from "node:assert/strict";
import type { Program } from "./program.ts";

/** A Go requester compiles itself first. */
const START_MS = 120_000;
/** What a request may take beyond its own timeout. */
const SLACK_MS = 15_000;

/** What a stranger got for a request. */
export interface StrangersReply {
  /** The reply's body, behind "reply "; or what the client threw, behind "error ". */
  readonly line: string;
  readonly properties: ReadonlyMap<string, unknown>;
}

/** A program that sends plain requests: those of the folders `java` and `go` talk alike. */
export class Requester implements AsyncDisposable {
  readonly #program: Program;

  constructor(program: Program) {
    this.#program = program;
  }

  /** Resolves when it is connected. */
  async ready(): Promise<void> {
    assert.equal(await this.#program.nextLine(START_MS), "ready");
  }

  /**
   * Sends one request and waits for what becomes of it. One at a time.
   *
   * @param property one user property, `name=value` without blanks
   */
  async send(tag: string, body: string, timeoutMs = 10_000, property = "-"): Promise<StrangersReply> {
    await this.#program.writeLine(`${timeoutMs} ${tag} ${property} ${body}`);
    const line = await this.#program.nextLine(timeoutMs + SLACK_MS);
    const properties = await this.#program.nextLine(SLACK_MS);
    assert.match(properties, /^properties \{/);
    const parsed: unknown = JSON.parse(properties.slice("properties ".length));
    return { line, properties: new Map(Object.entries(Object(parsed))) };
  }

  /** Sends one request and reads the reply as JSON. */
  async ask(tag: string, input: unknown, timeoutMs?: number, property?: string): Promise<unknown> {
    const { line } = await this.send(tag, JSON.stringify(input), timeoutMs, property);
    assert.match(line, /^reply /);
    return JSON.parse(line.slice("reply ".length));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program[Symbol.asyncDispose]();
  }
}
