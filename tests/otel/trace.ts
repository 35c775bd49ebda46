import assert from "node:assert/strict";
import { Program } from "../interop/program.ts";
import type { Collector, ExportedSpan } from "./collector.ts";

/** How OTLP numbers the kinds of spans. */
export const KIND = { internal: 1, server: 2, client: 3, producer: 4, consumer: 5 } as const;

/** How long a broker may take to confirm an answer that has reached its caller, where the machine is busy. Milliseconds. */
const CONFIRMED_MS = 5_000;
/** How long a program may take for a line. */
const LINE_MS = 40_000;

/** A program of these tests, exporting to a collector. */
export function startProgram(
  collector: Collector,
  role: string,
  prefix: string,
  nameServers: readonly string[] = [],
): Program {
  const program = new URL("program.ts", import.meta.url).pathname;
  return new Program({
    name: role,
    command: Deno.execPath(),
    args: ["run", "-A", "--no-check", program, role, prefix, ...nameServers],
    env: collector.environment(role),
  });
}

/** Reads lines until that one; returns those before it. */
export async function linesUntil(program: Program, last: string): Promise<readonly string[]> {
  const lines: string[] = [];
  for (let line = await program.nextLine(LINE_MS); line !== last; line = await program.nextLine(LINE_MS)) {
    lines.push(line);
  }
  return lines;
}

/** Ends a program in order, which makes it export what it has. */
export async function end(program: Program): Promise<void> {
  await program.writeLine("end");
  assert.equal(await program.exitCode, 0);
}

/** The only span of that name and kind. */
export function one(spans: readonly ExportedSpan[], name: string, kind: number): ExportedSpan {
  const found = spans.filter((span) => span.name === name && span.kind === kind);
  const [span] = found;
  assert.ok(
    span !== undefined && found.length === 1,
    `${found.length} spans "${name}" of kind ${kind} among ${
      spans.map((each) => `${each.name} ${each.kind}`)
    }`,
  );
  return span;
}

/** Asserts what an order of `program.ts` looks like in a trace, whichever transport it went over. */
export function assertOrder(
  spans: readonly ExportedSpan[],
  prefix: string,
  { caller, callee }: { readonly caller: string; readonly callee: string },
): void {
  const transfer = `${prefix}.Payments/transfer`;
  const book = `${prefix}.Ledger/book`;
  const notify = `${prefix}.Payments/notify`;
  const fail = `${prefix}.Payments/fail`;
  const order = one(spans, "order", KIND.internal);
  const client = one(spans, transfer, KIND.client);
  const server = one(spans, transfer, KIND.server);
  const [first, second, ...more] = spans.filter(({ name }) => name === `handler ${transfer}`)
    .sort((one, other) => one.startMs - other.startMs);
  assert.ok(first !== undefined && second !== undefined && more.length === 0);
  const nested = one(spans, book, KIND.client);
  const parents: readonly (readonly [ExportedSpan, ExportedSpan])[] = [
    [client, order],
    [server, client],
    [one(spans, `broker ${transfer}`, KIND.internal), client],
    [one(spans, `mailbox ${transfer}`, KIND.internal), server],
    [first, server],
    [second, server],
    // It was made by a client of the system, after an `await`: the runtime's context leads there.
    [nested, second],
    [one(spans, book, KIND.server), nested],
    [one(spans, "look up", KIND.internal), one(spans, `handler ${book}`, KIND.internal)],
    [one(spans, `send ${notify}`, KIND.producer), order],
    [one(spans, `process ${notify}`, KIND.consumer), one(spans, `send ${notify}`, KIND.producer)],
    [one(spans, fail, KIND.client), order],
  ];
  for (const [child, parent] of parents) assert.equal(child.parentSpanId, parent.spanId, child.name);
  assert.deepEqual(second.links, [first.spanId]);
  assert.deepEqual([first.status, first.events.map(({ name }) => name)], [2, ["exception"]]);
  for (const span of spans.filter(({ scope }) => scope === "rocket-actors")) {
    assert.equal(span.traceId, order.traceId, span.name);
    assert.ok(span.endMs >= span.startMs, span.name);
  }
  assert.deepEqual([client.service, server.service], [caller, callee]);
  assert.deepEqual([one(spans, fail, KIND.client).status, one(spans, fail, KIND.server).status], [2, 0]);
  assert.equal(one(spans, fail, KIND.client).attributes["error.type"], "not_found");
  assertAttributes(client, server, prefix);
  assertPhases(spans, transfer);
}

function assertAttributes(client: ExportedSpan, server: ExportedSpan, prefix: string): void {
  for (const span of [client, server]) {
    assert.equal(span.attributes["rpc.system.name"], "rocket_actors");
    assert.equal(span.attributes["rpc.method"], `${prefix}.Payments/transfer`);
    assert.equal(span.attributes["rpc.response.status_code"], "ok");
    assert.equal(span.attributes["messaging.system"], "rocketmq");
    assert.equal(span.attributes["messaging.destination.name"], `${prefix.replaceAll(".", "-")}-Payments`);
  }
  assert.equal(
    client.attributes["messaging.destination.partition.id"],
    server.attributes["messaging.destination.partition.id"],
  );
  const id = "messaging.message.conversation_id";
  assert.equal(client.attributes[id], server.attributes[id]);
  assert.equal(server.attributes["rocket_actors.attempt"], 2);
}

/** Broker, mailbox and handler follow each other, inside what the caller waited for. */
function assertPhases(spans: readonly ExportedSpan[], method: string): void {
  const broker = one(spans, `broker ${method}`, KIND.internal);
  const mailbox = one(spans, `mailbox ${method}`, KIND.internal);
  const server = one(spans, method, KIND.server);
  const client = one(spans, method, KIND.client);
  const [handler] = spans.filter(({ name }) => name === `handler ${method}`);
  assert.ok(Math.abs(broker.endMs - server.startMs) < 0.01, "the call is received when it leaves the broker");
  assert.ok(Math.abs(mailbox.startMs - server.startMs) < 0.01, "it enters the mailbox when it is received");
  assert.ok(
    handler !== undefined && handler.startMs >= mailbox.endMs - 0.01,
    "its handler starts after that",
  );
  // Two processes of one machine share its clock.
  assert.ok(server.startMs >= client.startMs - 5 && handler.endMs <= client.endMs + 5);
  // The answer is under way before its broker has confirmed it: its caller may be the first to know.
  assert.ok(server.endMs <= client.endMs + CONFIRMED_MS);
}
