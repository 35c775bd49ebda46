import assert from "node:assert/strict";
import { cancelMessage } from "../../../src/envelope/cancel.ts";
import { controlMessage, type StreamControl } from "../../../src/envelope/credit.ts";
import { HEADER } from "../../../src/envelope/headers.ts";
import { EVENTS } from "../../../src/log/events.ts";
import { DirectListener, type DirectRequests } from "../../../src/server/direct_listener.ts";
import type { DirectMessage } from "../../../src/transport/transport.ts";
import { FakeTransport } from "../../helpers/fake_transport.ts";
import { eventsOf, recordLogs } from "../../helpers/logs.ts";
import { repliesIn } from "../../helpers/service_fixture.ts";
import { turns } from "../../helpers/settled.ts";

/** What was told to something that has calls. */
class Served implements DirectRequests {
  readonly calls: readonly string[];
  readonly cancelled: string[] = [];
  readonly expected: string[] = [];
  readonly received: DirectMessage[] = [];

  constructor(...calls: string[]) {
    this.calls = calls;
  }
  cancel(callId: string): boolean {
    this.cancelled.push(callId);
    return this.calls.includes(callId);
  }
  expectCancelled(callId: string): void {
    this.expected.push(callId);
  }
  receive(message: DirectMessage): void {
    this.received.push(message);
  }
}

function fixture() {
  const transport = new FakeTransport();
  const replies: DirectMessage[] = [];
  const listener = new DirectListener(transport, (message) => replies.push(message));
  return { transport, replies, listener };
}

function ofKind(kind: string | undefined): DirectMessage {
  const headers = new Map<string, string>(kind === undefined ? [] : [[HEADER.kind, kind]]);
  return { headers, body: Uint8Array.of(1) };
}

Deno.test("DirectListener hands replies, items, packs of them and plain answers to the calling side", () => {
  const { transport, replies, listener } = fixture();
  const messages = ["reply", "pack", "item", "end", undefined].map(ofKind);
  for (const message of messages) transport.listener(message);
  assert.deepEqual([replies, listener.refused], [messages, 0]);
});

Deno.test("DirectListener takes a cancel to whoever has the call", () => {
  const { transport, listener } = fixture();
  const [first, second, third] = [new Served(), new Served("c1"), new Served()];
  for (const served of [first, second, third]) listener.add(served);
  transport.listener(cancelMessage("c1", "run"));
  assert.deepEqual([first, second, third].map(({ cancelled }) => cancelled), [["c1"], ["c1"], []]);
  assert.deepEqual([first.expected, listener.unknownCancels], [[], 0]);
  listener.remove(second);
  transport.listener(cancelMessage("c1", "run"));
  assert.deepEqual([second.cancelled, first.expected, third.expected], [["c1"], ["c1"], ["c1"]]);
  assert.equal(listener.unknownCancels, 1);
});

Deno.test("DirectListener takes requests and their cancels to what serves them", () => {
  const { transport, listener } = fixture();
  const requests = new Served("c1");
  listener.serve(requests);
  const request = ofKind("request");
  transport.listener(request);
  transport.listener(cancelMessage("c1", "run"));
  assert.deepEqual([requests.received, requests.cancelled, listener.refused], [[request], ["c1"], 0]);
});

Deno.test("DirectListener counts and logs what nobody here takes, and never throws", async () => {
  const { transport, replies, listener } = fixture();
  const wrong = ["request", "oneway", "credit", "", "x".repeat(10_000), "cancel"];
  const records = await recordLogs(() => {
    for (const kind of wrong) transport.listener(ofKind(kind));
  });
  assert.deepEqual([listener.refused, replies], [6, []]);
  assert.deepEqual(eventsOf(records), Array(6).fill(EVENTS.callee.directRefused));
  for (const { properties } of records) assert.ok(String(properties["reason"]).length < 80);
});

/** Has one stream. */
class Producing extends Served {
  readonly told: StreamControl[] = [];

  control(control: StreamControl): boolean {
    if (control.id !== "s1") return false;
    this.told.push(control);
    return true;
  }
}

Deno.test("DirectListener takes what readers tell to whoever has the stream, and answers to pings to the calling side", () => {
  const { transport, listener, replies } = fixture();
  const producing = new Producing();
  listener.add(new Served());
  listener.add(producing);
  const controls: readonly StreamControl[] = [
    { kind: "credit", id: "s1", seq: 5 },
    { kind: "ping", id: "s1", seq: 6, replyTo: "fake:reader" },
  ];
  for (const control of controls) transport.listener(controlMessage(control, "read"));
  assert.deepEqual(producing.told, controls);
  const pong = controlMessage({ kind: "pong", id: "s9", seq: 5 }, "read");
  transport.listener(pong);
  assert.deepEqual(replies, [pong]);
  transport.listener(ofKind("credit"));
  assert.deepEqual([listener.refused, transport.sentTo], [1, []]);
});

Deno.test("DirectListener tells whoever asks for a stream that does not run here, and nobody else", async () => {
  const { transport, listener } = fixture();
  listener.add(new Producing());
  transport.listener(controlMessage({ kind: "credit", id: "s9", seq: 5 }, "read"));
  transport.onSendTo = () => Promise.reject(new Error("down"));
  transport.listener(controlMessage({ kind: "ping", id: "s9", seq: 5, replyTo: "fake:reader" }, "read"));
  await turns();
  assert.equal(transport.sentTo.length, 1);
  const [answer] = transport.sentTo.flatMap((sent) => [[sent.address, repliesIn(sent)] as const]);
  assert.equal(answer?.[0], "fake:reader");
  const [reply] = answer?.[1] ?? [];
  assert.ok(reply?.id === "s9" && !reply.ok);
  assert.deepEqual([reply.error.code, reply.error.outcome], ["unavailable", "sent_unknown"]);
});
