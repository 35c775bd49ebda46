/**
 * Measures what requesters that die with replies on their way do to those that have nothing to do with them: the slowest
 * call within 13 s, in milliseconds, of callers of ours with either way of replies and of the official Java client, all
 * answered by a responder of ours that answers nobody else. Each row on a broker of its own:
 *
 *     deno task test:freeze
 */
// deno-lint-ignore-file no-console -- a program: what it prints is its user interface
import { startCluster } from "../broker/launcher.ts";
import { startJava } from "../interop/java.ts";
import type { Program } from "../interop/program.ts";
import { Bystander, Responder, strike, type VictimKind, type VictimSize } from "./stage.ts";

/** Threads on which a broker with two cores pushes replies. */
const THREADS = "20";
const WATCHED_MS = 13_000;
const JAVA_START_MS = 60_000;
const JAVA_TIMEOUT_MS = 20_000;

/** What dies: requesters of a kind, each with so many replies on the way from each of so many responders. */
interface Scenario {
  readonly kind: VictimKind;
  readonly size: VictimSize;
  readonly responders: number;
  /** Unanswered pushes of each responder that are waited for. */
  readonly pushes: number;
}

const SCENARIOS: readonly Scenario[] = [
  { kind: "plain", size: { requesters: 1, calls: 4 }, responders: 1, pushes: 4 },
  { kind: "plain", size: { requesters: 6, calls: 4 }, responders: 1, pushes: 12 },
  { kind: "plain", size: { requesters: 6, calls: 4 }, responders: 2, pushes: 12 },
  { kind: "push", size: { requesters: 1, calls: 64 }, responders: 2, pushes: 1 },
  { kind: "push", size: { requesters: 24, calls: 4 }, responders: 2, pushes: 12 },
  { kind: "topic", size: { requesters: 24, calls: 4 }, responders: 2, pushes: 0 },
];

async function measure({ kind, size, responders: count, pushes }: Scenario): Promise<readonly number[]> {
  await using cluster = await startCluster({ brokerConfig: { processReplyMessageThreadPoolNums: THREADS } });
  const { nameServer } = cluster;
  await using stack = new AsyncDisposableStack();
  const responders: Responder[] = [];
  for (let index = 0; index < count; index++) responders.push(stack.use(await Responder.start(nameServer)));
  const unrelated = stack.use(await Responder.start(nameServer));
  const pushed = stack.use(await Bystander.start(nameServer, "push", unrelated));
  const pulled = stack.use(await Bystander.start(nameServer, "topic", unrelated));
  const topic = unrelated.contract.replaceAll(".", "-");
  const java = stack.use(await startJava("Requester", [nameServer, topic]));
  await java.nextLine(JAVA_START_MS);
  await slowestOfJava(java, 0);
  const full = () => responders.every((responder) => responder.count("pushesUnderWay") >= pushes);
  const victims = stack.use(await strike(nameServer, kind, size, responders, full));
  const watched = Promise.all([
    pushed.slowest(WATCHED_MS),
    pulled.slowest(WATCHED_MS),
    slowestOfJava(java, WATCHED_MS),
  ]);
  // By then the broker has begun to push.
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  await victims.kill();
  return await watched;
}

async function slowestOfJava(java: Program, ms: number): Promise<number> {
  const until = performance.now() + ms;
  let slowest = 0;
  do {
    const since = performance.now();
    await java.writeLine(`${JAVA_TIMEOUT_MS} echo - 1`);
    await java.nextLine(2 * JAVA_TIMEOUT_MS);
    await java.nextLine(JAVA_TIMEOUT_MS);
    slowest = Math.max(slowest, performance.now() - since);
  } while (performance.now() < until);
  return slowest;
}

console.log("| dead requesters | responders | pushes under way | ours, pushed | ours, by topic | Java |");
console.log("| --- | --- | --- | --- | --- | --- |");
for (const scenario of SCENARIOS) {
  const { kind, size, responders, pushes } = scenario;
  const figures = (await measure(scenario)).map((ms) => Math.round(ms).toLocaleString("en-US"));
  const dead = `${size.requesters} × ${kind}, ${size.calls} calls each`;
  console.log(`| ${dead} | ${responders} | ${responders * pushes} | ${figures.join(" | ")} |`);
}
