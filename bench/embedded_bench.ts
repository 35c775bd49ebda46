/**
 * What a call costs without a broker, as a whole and by stages. An iteration of the first three is 1,024 calls in all,
 * so many of them under way at once; of a pack, all that it carries.
 */
import { createSystem, defineService, embedded, method } from "rocket-actors";
import { json } from "../src/codec/json.ts";
import { decodePack, encodePack, HeadText, type OutgoingEntry } from "../src/envelope/pack.ts";
import { readReply, type Reply, writeReply } from "../src/envelope/reply.ts";
import { readRequest, type Request, requestHeaders, writeOwn } from "../src/envelope/request.ts";
import { type Body, bodyOf } from "./broker/contract.ts";

const CALLS = 1_024;
const BODY_BYTES = 128;
const REQUEST_PACK = 64;
const REPLY_PACK = 256;

const value = bodyOf(1, BODY_BYTES);
const body = json.encode(value);

function requestOf(sequence: number): Request {
  return {
    id: `01936b2c-0000-7000-8000-${String(sequence).padStart(12, "0")}`,
    kind: "request",
    key: undefined,
    chain: [],
    trace: undefined,
    attempt: 1,
    deadlineMs: 1_795_000_000_000,
    timeoutMs: 5_000,
    type: json.contentType,
    replyTo: "push:rkr1-1a2b3c4d5e6",
    idempotencyKey: undefined,
    from: "bench/1a2b3c4d5e6",
    userHeaders: new Map(),
    body,
  };
}

function requestEntry(request: Request): OutgoingEntry {
  const head = new HeadText();
  writeOwn(request, head);
  return { head: head.text, body };
}

function replyEntry(reply: Reply): OutgoingEntry {
  const head = new HeadText();
  writeReply(reply, head);
  return { head: head.text, body };
}

// The calls.

const Echo = defineService("bench.Echo", { echo: method<Body, Body>({ safe: true }) });

for (const inFlight of [1, 64, CALLS]) {
  Deno.bench(`embedded(): ${CALLS} calls, ${inFlight} in flight`, async (b) => {
    await using system = await createSystem({ name: "bench", transport: embedded() });
    await system.serve(Echo, { echo: (input) => input });
    const { echo } = system.client(Echo);
    // The first call looks whether somebody serves the contract.
    await echo(value);
    const loop = async () => {
      for (let call = 0; call < CALLS / inFlight; call++) await echo(value);
    };
    b.start();
    await Promise.all(Array.from({ length: inFlight }, loop));
    b.end();
  });
}

// The stages.

const request = requestOf(1);
const headers = requestHeaders(request);
const requests = Array.from({ length: REQUEST_PACK }, (_, index) => requestOf(index));
const pack = encodePack(requests.map(requestEntry));
const replies = Array.from({ length: REPLY_PACK }, (_, index): Reply => {
  return { id: requestOf(index).id, ok: true, type: json.contentType, body };
});
const replyPack = encodePack(replies.map(replyEntry));

Deno.bench(`JSON of ${BODY_BYTES} bytes: encode`, () => void json.encode(value));
Deno.bench(`JSON of ${BODY_BYTES} bytes: decode`, () => void json.decode(body));

Deno.bench("headers of one request: write", () => void requestHeaders(request));
Deno.bench("headers of one request: read", () => void readRequest(headers, headers, body));

Deno.bench(`pack of ${REQUEST_PACK} requests: encode`, () => {
  encodePack(requests.map(requestEntry));
});
Deno.bench(`pack of ${REQUEST_PACK} requests: decode`, () => {
  for (const entry of decodePack(pack)) readRequest(headers, entry.headers, entry.body);
});

Deno.bench(`pack of ${REPLY_PACK} replies: encode`, () => {
  encodePack(replies.map(replyEntry));
});
Deno.bench(`pack of ${REPLY_PACK} replies: decode`, () => {
  for (const entry of decodePack(replyPack)) readReply(headers, entry.headers, entry.body);
});
