import { setTimeout as delay } from "node:timers/promises";
import { makeTopic } from "../../tests/interop/class_topic.ts";
import type { Program } from "../../tests/interop/program.ts";
import { Bystander, Responder } from "../../tests/freeze/stage.ts";
import { denoProgram } from "../broker/peers/peer.ts";
import { expectLine, PATIENCE_MS } from "../broker/pair.ts";
import { type CallersPlan, type CallersReport, parseReport } from "./callers_plan.ts";
import type { Place } from "./calls.ts";
import type { Way } from "./names.ts";

/** For how long a broker holds a thread for whom it pushed to. */
const PUSH_ENDS_MS = 10_200;
const LOADED_MS = 700;
const PAUSED_MS = 500;
const VICTIMS_TIMEOUT_MS = 3_000;
/** More than the broker can hold up any call by two pushes one after the other. */
const BYSTANDER: CallersPlan = { way: "stored", callers: 1, outstanding: 1, timeoutMs: 30_000, pauseMs: 5 };

/** What becomes of a callee: SIGKILL, SIGSTOP, or SIGSTOP and SIGCONT after half a second. */
type Harm = "killed" | "frozen" | "paused";

/** Callees that come to harm together, and how each of them is called meanwhile. */
interface Scenario {
  readonly harm: Harm;
  readonly callees: number;
  readonly plan: CallersPlan;
  /** How long the bystanders are watched, in milliseconds. */
  readonly watchedMs: number;
}

/** What the harm did. */
interface Seen {
  /** A plain client of RocketMQ whose replies are pushed, as those of the official clients are. */
  readonly plain: CallersReport;
  /** The slowest call of this library's caller, whose replies are pushed. Milliseconds. */
  readonly oursMs: number;
  /** Requests of the callee's own callers that the broker has left unanswered for a second. */
  readonly unanswered: number;
}

const WATCHED_MS = 3_000;

function scenario(
  harm: Harm,
  way: Way,
  callers: Pick<CallersPlan, "callers" | "outstanding" | "mostOfEach" | "mostOfAll">,
  more: Partial<Scenario> = {},
): Scenario {
  const plan = { ...callers, way, timeoutMs: VICTIMS_TIMEOUT_MS, pauseMs: 0 };
  return { harm, callees: 1, plan, watchedMs: WATCHED_MS, ...more };
}

const SCENARIOS: readonly Scenario[] = [
  scenario("paused", "stored", { callers: 32, outstanding: 1 }),
  scenario("paused", "express", { callers: 32, outstanding: 1 }),
  scenario("killed", "stored", { callers: 32, outstanding: 1 }),
  scenario("killed", "express", { callers: 32, outstanding: 1 }),
  scenario("frozen", "stored", { callers: 32, outstanding: 1 }),
  scenario("frozen", "express", { callers: 1, outstanding: 1 }),
  scenario("frozen", "express", { callers: 1, outstanding: 32 }),
  scenario("frozen", "express", { callers: 16, outstanding: 2, mostOfEach: 1 }),
  scenario("frozen", "express", { callers: 32, outstanding: 2, mostOfEach: 1 }, { watchedMs: 12_000 }),
  scenario("frozen", "express", { callers: 32, outstanding: 1, mostOfAll: 12 }),
  scenario("frozen", "express", { callers: 32, outstanding: 1, mostOfAll: 12 }, { callees: 2 }),
];

/** Harms callees, and says the lines of a table of what that does to those who have nothing to do with them. */
export async function measureCrashes(place: Place, say: (line: string) => void): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const bystanders = stack.use(await Bystanders.start(place));
  const heads = ["way", "callee", "callers × in flight", "pushes at most", "held"];
  const bystander = ["plain client: slowest ms", "held up ms", "ours: slowest ms"];
  say(`| ${[...heads, ...bystander].join(" | ")} |`);
  say(`| --- | --- | --- | --- | ---: | ${bystander.map(() => "---:").join(" | ")} |`);
  for (const [index, each] of SCENARIOS.entries()) {
    say(row(each, await run({ ...place, prefix: `${place.prefix}_${index}` }, each, bystanders)));
  }
}

function row({ harm, callees, plan }: Scenario, { plain, oursMs, unanswered }: Seen): string {
  const { way, callers, outstanding, mostOfEach, mostOfAll } = plan;
  const bounds = [
    ...(mostOfEach === undefined ? [] : [`${mostOfEach} of each caller`]),
    ...(mostOfAll === undefined ? [] : [`${mostOfAll} to a callee`]),
  ];
  const cells = [
    way,
    callees === 1 ? harm : `${callees} ${harm}`,
    `${callers} × ${outstanding}`,
    way === "stored" ? "none" : bounds.join(", ") || "no bound",
    unanswered,
    ...[plain.slowestMs, plain.heldMs, oursMs].map((ms) => Math.round(ms).toLocaleString("en-US")),
  ];
  return `| ${cells.join(" | ")} |`;
}

async function run(
  place: Place,
  { harm, callees, plan, watchedMs }: Scenario,
  all: Bystanders,
): Promise<Seen> {
  await using stack = new AsyncDisposableStack();
  const victims: Victim[] = [];
  for (let index = 0; index < callees; index++) {
    victims.push(stack.use(await Victim.start({ ...place, prefix: `${place.prefix}_${index}` }, plan)));
  }
  await delay(LOADED_MS);
  await all.forget();
  const watching = all.watch(watchedMs);
  for (const victim of victims) victim.harm(harm);
  const harmedAt = performance.now();
  if (harm === "paused") {
    await delay(PAUSED_MS);
    for (const victim of victims) victim.resume();
  }
  await delay(watchedMs / 2);
  const reports = await Promise.all(victims.map((victim) => victim.report()));
  const seen = { ...await watching, unanswered: reports.reduce((sum, each) => sum + each.unanswered, 0) };
  await Promise.all(victims.map((victim) => victim.end(harm)));
  // Threads that wait for the dead are not to be found held by the next scenario.
  if (harm === "paused" || plan.way === "stored") return seen;
  const since = seen.plain.heldMs > 0 ? performance.now() : harmedAt;
  await delay(Math.max(0, since + PUSH_ENDS_MS - performance.now()));
  return seen;
}

/** A callee, and those who call it, in a process each. */
class Victim implements AsyncDisposable {
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
class Bystanders implements AsyncDisposable {
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
  async watch(ms: number): Promise<Omit<Seen, "unanswered">> {
    const ours = this.#ours.slowest(Math.min(ms, WATCHED_MS));
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
