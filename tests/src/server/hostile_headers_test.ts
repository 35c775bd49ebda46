import assert from "node:assert/strict";
import { defineEntity, defineService } from "../../../src/contract/define.ts";
import { method } from "../../../src/contract/method.ts";
import type { Contract } from "../../../src/contract/types.ts";
import { HEADER, TRACE_HEADER, USER_PREFIX } from "../../../src/envelope/headers.ts";
import { decodePack } from "../../../src/envelope/pack.ts";
import type { Request } from "../../../src/envelope/request.ts";
import { ServeTelemetry } from "../../../src/observe/served.ts";
import type { Message } from "../../../src/transport/transport.ts";
import { FakeDelivery, messageOf, packOf, requestOf } from "../../helpers/deliveries.ts";
import { ObserverStage } from "../../helpers/observed.ts";
import { packOf as packBody } from "../../helpers/packs.ts";
import { ServiceFixture } from "../../helpers/service_fixture.ts";
import { turns } from "../../helpers/settled.ts";

/**
 * What becomes of a request whose one header is wrong: `runs` (and what it says is right, or is taken as it is), an
 * answer by code and outcome, or `dead letter` where nobody can be answered.
 */
type Fate = "runs" | "dead letter" | `${string}/${string}`;

const REFUSED: Fate = "invalid_argument/rejected";
const HUGE = "x".repeat(12_000);
const DIGITS = "9".repeat(20);
/** Bytes that are no UTF-8, and a lone percent sign. */
const ESCAPED = "%C3%28%FF%";

/** One header, and the fate of a request in which it is missing, empty, huge, escaped oddly, or a wrong number. */
interface Row {
  readonly header: string;
  readonly missing: Fate;
  readonly empty: Fate;
  readonly huge: Fate;
  readonly escaped: Fate;
  readonly number: Fate;
  /** Of what kind the request is. Default: a request that runs as it is. */
  readonly of?: "keyed" | "entity" | "oneway";
}

const IGNORED = { missing: "runs", empty: "runs", huge: "runs", escaped: "runs", number: "runs" } as const;
const NUMBER = {
  missing: REFUSED,
  empty: REFUSED,
  huge: REFUSED,
  escaped: REFUSED,
  number: REFUSED,
} as const;
const LOST = {
  missing: "dead letter",
  empty: "dead letter",
  huge: "dead letter",
  escaped: "dead letter",
  number: "dead letter",
} as const;

/** What each request states for itself. */
const OWN: readonly Row[] = [
  // A number is a legal id: 20 digits.
  { header: HEADER.id, ...LOST, number: "runs" },
  { header: HEADER.attempt, ...NUMBER, missing: "runs" },
  { header: HEADER.deadline, ...NUMBER },
  { header: HEADER.timeout, ...NUMBER },
  { header: HEADER.empty, ...IGNORED },
  { header: HEADER.key, ...IGNORED },
  { header: HEADER.key, of: "keyed", ...NUMBER, missing: "runs", empty: "runs" },
  {
    header: HEADER.key,
    of: "entity",
    missing: REFUSED,
    empty: REFUSED,
    huge: REFUSED,
    escaped: "runs",
    number: "runs",
  },
  { header: HEADER.plan, ...NUMBER, missing: "runs" },
  { header: HEADER.plan, of: "keyed", ...NUMBER, missing: "runs" },
  { header: HEADER.plan, of: "entity", ...NUMBER, missing: "runs" },
  { header: HEADER.plan, of: "oneway", ...LOST, missing: "runs" },
  { header: HEADER.chain, ...IGNORED },
  { header: HEADER.idempotencyKey, ...IGNORED },
  { header: HEADER.from, ...IGNORED },
  { header: TRACE_HEADER.traceparent, ...IGNORED },
  { header: TRACE_HEADER.tracestate, ...IGNORED },
  { header: TRACE_HEADER.baggage, ...IGNORED },
  { header: HEADER.earlier, ...IGNORED },
  { header: `${USER_PREFIX}tenant`, ...IGNORED },
  // Nobody waits for a one-way call.
  { header: HEADER.attempt, of: "oneway", ...LOST, missing: "runs" },
  { header: HEADER.timeout, of: "oneway", ...LOST, missing: "runs" },
  { header: HEADER.deadline, of: "oneway", ...LOST },
  { header: HEADER.reply, of: "oneway", ...IGNORED },
  // What belongs to other envelopes, or to other ways.
  ...[
    HEADER.target,
    HEADER.code,
    HEADER.message,
    HEADER.ran,
    HEADER.error,
    HEADER.direct,
    HEADER.dead,
    HEADER.origin,
  ].map((header) => ({ header, ...IGNORED })),
];

/** What a message states for all of its requests. */
const SHARED: readonly Row[] = [
  { header: HEADER.version, ...LOST },
  { header: HEADER.kind, ...LOST },
  { header: HEADER.type, ...NUMBER },
  // An address that leads nowhere is the transport's to find out.
  { header: HEADER.reply, ...LOST, huge: "runs", escaped: "runs", number: "runs" },
];

const service = defineService("test.Service", {
  run: method<unknown, string>(),
  keyed: method<string, string>({ key: (input) => input }),
}, { slots: 1 });
const entity = defineEntity("test.Service", { run: method<unknown, string>() });

const KEY = "acc-1";

/** What is only read of a request that belongs to a trace. */
const TRACED: ReadonlySet<string> = new Set([TRACE_HEADER.tracestate, TRACE_HEADER.baggage, HEADER.earlier]);
const TRACE = { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" };

/** Followed by somebody, who must take no harm either. */
function traced(contract: Contract): ServiceFixture {
  return new ServiceFixture(contract, { observer: new ServeTelemetry(new ObserverStage().parts) });
}

function good(
  id: string,
  of: Row["of"],
  isTraced = false,
): { request: Request; tag: string; contract: Contract } {
  const body = new TextEncoder().encode(JSON.stringify(KEY));
  const oneway = { kind: "oneway", replyTo: "" } as const;
  const trace = isTraced ? TRACE : undefined;
  const changes: Partial<Request> = { body, trace, ...(of === "oneway" ? oneway : {}) };
  if (of === "keyed" || of === "entity") {
    return {
      request: requestOf(id, { ...changes, key: KEY }),
      tag: of === "keyed" ? "keyed" : "run",
      contract: of === "entity" ? entity : service,
    };
  }
  return { request: requestOf(id, changes), tag: "run", contract: service };
}

function changed(headers: ReadonlyMap<string, string>, header: string, value: string | undefined) {
  const own = new Map(headers);
  if (value === undefined) own.delete(header);
  else own.set(header, value);
  return own;
}

/** Delivers, lets everything run, and tells the fate of the call that is wrong. */
async function fateOf(at: ServiceFixture, message: Message, sibling: string | undefined): Promise<Fate> {
  const delivery = new FakeDelivery(message);
  // One queue, which is every key's.
  at.transport.onQueues = () => Promise.resolve([delivery.queue]);
  at.intake.deliver(delivery);
  await turns();
  const ran = at.mailbox.filter((call) => call.id !== sibling);
  for (const call of at.mailbox) assert.ok(at.run(call));
  await turns();
  assert.equal(delivery.acks, 1, "it is settled, once");
  assert.deepEqual([at.intake.unsettled, at.wheel.size, at.clock.timers], [0, 0, 0]);
  if (sibling !== undefined) {
    assert.ok(at.mailbox.some(({ id }) => id === sibling), "its sibling runs");
    assert.ok(at.replies.some(({ id, ok }) => id === sibling && ok), "its sibling is answered");
  }
  const answers = at.replies.filter(({ id }) => id !== sibling);
  const fates: Fate[] = ran.map(() => "runs");
  for (const reply of answers) if (!reply.ok) fates.push(`${reply.error.code}/${reply.error.outcome}`);
  for (const reason of at.deadLetters) {
    assert.notEqual(reason, "");
    fates.push("dead letter");
  }
  assert.equal(fates.length, 1, `one fate: ${fates.join(", ")}`);
  return fates[0] ?? assert.fail();
}

const WAYS = {
  missing: undefined,
  empty: "",
  huge: HUGE,
  escaped: ESCAPED,
  number: DIGITS,
} as const;

for (const row of [...OWN, ...SHARED]) {
  const { header, of } = row;
  const isShared = SHARED.includes(row);
  Deno.test(`PartitionIntake alone: ${of ?? "call"} with a hostile ${header} has its documented fate`, async () => {
    for (const [way, value] of Object.entries(WAYS)) {
      const { request, tag, contract } = good("c1", of, TRACED.has(header));
      const at = traced(contract);
      const message = messageOf(request, tag);
      const fate = await fateOf(
        at,
        { ...message, headers: changed(message.headers, header, value) },
        undefined,
      );
      assert.equal(fate, row[way as keyof typeof WAYS], `${header} ${way}`);
    }
  });
  if (isShared) continue;
  Deno.test(`PartitionIntake in a pack: ${of ?? "call"} with a hostile ${header} has its documented fate`, async () => {
    for (const [way, value] of Object.entries(WAYS)) {
      const { request, tag, contract } = good("c1", of, TRACED.has(header));
      const at = traced(contract);
      const others = good("c0", of === "oneway" ? undefined : of).request;
      const pack = packOf([others, request], tag);
      const entries = decodePack(pack.body).map((entry, index) =>
        index === 0 ? entry : { ...entry, headers: changed(entry.headers, header, value) }
      );
      const fate = await fateOf(at, { ...pack, body: packBody(entries) }, "c0");
      assert.equal(fate, row[way as keyof typeof WAYS], `${header} ${way}`);
    }
  });
}

Deno.test("PartitionIntake in a pack: what the pack states wrong for all has its documented fate, call by call", async () => {
  const fates: readonly [string, Partial<Record<keyof typeof WAYS, readonly string[]>>][] = [
    [HEADER.type, { missing: [REFUSED, REFUSED], empty: [REFUSED, REFUSED], huge: [REFUSED, REFUSED] }],
    [HEADER.plan, { missing: ["ok", "ok"], huge: [REFUSED, REFUSED], number: [REFUSED, REFUSED] }],
    [HEADER.reply, { huge: ["ok", "ok"], escaped: ["ok", "ok"] }],
    [HEADER.from, { missing: ["ok", "ok"], empty: ["ok", "ok"], escaped: ["ok", "ok"], huge: ["ok", "ok"] }],
  ];
  for (const [header, ways] of fates) {
    for (const [way, expected] of Object.entries(ways)) {
      const at = new ServiceFixture(service);
      const pack = packOf([requestOf("c1"), requestOf("c2")]);
      const delivery = new FakeDelivery({
        ...pack,
        headers: changed(pack.headers, header, WAYS[way as keyof typeof WAYS]),
      });
      at.intake.deliver(delivery);
      for (const call of at.mailbox) at.run(call);
      await turns();
      assert.deepEqual([at.answers, delivery.acks, at.deadLetters], [expected, 1, []], `${header} ${way}`);
    }
  }
});

Deno.test("PartitionIntake in a pack: a call of a kind that is no call's is refused, and its sibling runs", async () => {
  for (const kind of ["cancel", "reply", "pack", HUGE, ESCAPED]) {
    const at = new ServiceFixture(service);
    const pack = packOf([requestOf("c0"), requestOf("c1")]);
    const entries = decodePack(pack.body).map((entry, index) =>
      index === 0 ? entry : { ...entry, headers: changed(entry.headers, HEADER.kind, kind) }
    );
    at.intake.deliver(new FakeDelivery({ ...pack, body: packBody(entries) }));
    for (const call of at.mailbox) at.run(call);
    await turns();
    assert.deepEqual([...at.answers].sort(), [REFUSED, "ok"]);
  }
});

Deno.test("PartitionIntake in a pack: without a way back every call becomes a dead letter of its own", async () => {
  for (const value of [undefined, ""]) {
    const at = new ServiceFixture(service);
    const pack = packOf([requestOf("c1"), requestOf("c2")]);
    const delivery = new FakeDelivery({ ...pack, headers: changed(pack.headers, HEADER.reply, value) });
    at.intake.deliver(delivery);
    await turns();
    assert.deepEqual(at.transport.sent.map(({ message }) => message.keys), [["c1"], ["c2"]]);
    assert.deepEqual([delivery.acks, at.replies, at.shared.counts.refused], [1, [], 2]);
  }
});

Deno.test("PartitionIntake in a pack: what is no pack at all is kept as one dead letter", async () => {
  for (const header of [HEADER.version, HEADER.kind]) {
    for (const value of Object.values(WAYS)) {
      const at = new ServiceFixture(service);
      const pack = packOf([requestOf("c1"), requestOf("c2")]);
      const delivery = new FakeDelivery({ ...pack, headers: changed(pack.headers, header, value) });
      at.intake.deliver(delivery);
      await turns();
      assert.deepEqual([at.deadLetters.length, at.replies, delivery.acks], [1, [], 1]);
      assert.deepEqual(at.transport.sent[0]?.message.body, pack.body, "as it came");
    }
  }
});

Deno.test("PartitionIntake hands hostile texts on as what they are: data", async () => {
  const at = new ServiceFixture(service);
  const message = messageOf(requestOf("c1"));
  const headers = new Map([
    ...message.headers,
    [HEADER.chain, `${ESCAPED} a%20b`],
    [HEADER.idempotencyKey, ESCAPED],
    [HEADER.from, ESCAPED],
    [`${USER_PREFIX}tenant`, ESCAPED],
  ]);
  at.intake.deliver(new FakeDelivery({ ...message, headers }));
  const [call] = at.mailbox;
  const text = "\ufffd(\ufffd%";
  assert.deepEqual([call?.chain, call?.idempotencyKey, call?.caller, call?.headers.get("tenant")], [
    [text, "a b"],
    text,
    text,
    text,
  ]);
  await turns();
});
