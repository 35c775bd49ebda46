import { setTimeout as delay } from "node:timers/promises";
import { Bystander, Responder } from "../../tests/freeze/stage.ts";
import { makeTopic } from "../../tests/interop/class_topic.ts";
import type { Program } from "../../tests/interop/program.ts";
import { denoProgram } from "../broker/peers/peer.ts";
import { expectLine, PATIENCE_MS } from "../broker/pair.ts";
import { type CallersPlan, type CallersReport, parseReport } from "./callers_plan.ts";
import type { Place } from "./calls.ts";
import type { Harm } from "./scenario.ts";

/** How long this library's caller calls: what holds it up does so at once. */
const OURS_MS = 3_000;
/** Its time is longer than what two pushes after each other can hold a call up for. */
const BYSTANDER: CallersPlan = { way: "stored", callers: 1, outstanding: 1, timeoutMs: 30_000, pauseMs: 5 };

/** What those saw who had nothing to do with it. */
export interface Witnessed {
  /** A plain client of RocketMQ whose replies are pushed, as those of the official clients are. */
  readonly plain: CallersReport;
  /** The slowest call of this library's caller, whose replies are pushed. Milliseconds. */
  readonly oursMs: number;
}

/** A callee, and those who call it, in a process each. */
export class Victim implements AsyncDisposable {
  readonly #callee: Program;
  readonly #callers: Program;

  private constructor(callee: Program, callers: Program) {
    this.#callee = callee;
    this.#callers = callers;
  }

  static async start(place: Place, plan: CallersPlan): Promise<Victim> {
    await using stack = new AsyncDisposableStack();
    const callee = stack.use(await startCallee(place));
    const callers = stack.use(await startCallers(place, plan));
    stack.move();
    return new Victim(callee, callers);
  }

  harm(harm: Harm): void {
    Deno.kill(this.#callee.pid, harm === "killed" ? "SIGKILL" : "SIGSTOP");
  }

  resume(): void {
    Deno.kill(this.#callee.pid, "SIGCONT");
  }

  report(): Promise<CallersReport> {
    return ask(this.#callers, "now");
  }

  /** Both are gone then. No caller goes with a reply on its way: that would hold up everybody by itself. */
  async end(harm: Harm): Promise<void> {
    if (harm === "paused") {
      await this.#callers.writeLine("end");
      await this.#callers.exitCode;
    }
    await this[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#callee[Symbol.asyncDispose]();
    await this.#callers[Symbol.asyncDispose]();
  }
}

/** Callers that call somebody else, one call after the other. */
export class Bystanders implements AsyncDisposable {
  readonly #plain: Program;
  readonly #ours: Bystander;
  readonly #stack: AsyncDisposableStack;

  private constructor(plain: Program, ours: Bystander, stack: AsyncDisposableStack) {
    this.#plain = plain;
    this.#ours = ours;
    this.#stack = stack;
  }

  static async start(place: Place): Promise<Bystanders> {
    await using stack = new AsyncDisposableStack();
    const apart = { ...place, prefix: `${place.prefix}_unrelated` };
    stack.use(await startCallee(apart));
    const plain = stack.use(await startCallers(apart, BYSTANDER));
    const responder = stack.use(await Responder.start(place.nameServer));
    const ours = stack.use(await Bystander.start(place.nameServer, "push", responder));
    return new Bystanders(plain, ours, stack.move());
  }

  /** What was before does not count. */
  async forget(): Promise<void> {
    await ask(this.#plain, "wait");
  }

  /** Resolves after that time, or when calls end that were held up by then. */
  async watch(ms: number): Promise<Witnessed> {
    const ours = this.#ours.slowest(Math.min(ms, OURS_MS));
    await delay(ms);
    return { plain: await ask(this.#plain, "wait"), oursMs: await ours };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }
}

async function startCallee({ nameServer, prefix }: Place): Promise<Program> {
  await makeTopic(nameServer, prefix);
  return await started(denoProgram("./responder.ts", import.meta.url, [nameServer, prefix]));
}

function startCallers({ nameServer, prefix }: Place, plan: CallersPlan): Promise<Program> {
  const args = [nameServer, prefix, JSON.stringify(plan)];
  return started(denoProgram("./callers.ts", import.meta.url, args));
}

async function started(program: Program): Promise<Program> {
  await using stack = new AsyncDisposableStack();
  stack.use(program);
  await expectLine(program, "ready", PATIENCE_MS);
  stack.move();
  return program;
}

async function ask(callers: Program, what: "now" | "wait"): Promise<CallersReport> {
  await callers.writeLine(what);
  return parseReport(await callers.nextLine(PATIENCE_MS));
}
