import assert from "node:assert/strict";
import { readControl } from "../../../src/envelope/credit.ts";
import { writeDirect } from "../../../src/envelope/direct.ts";
import { HEADER } from "../../../src/envelope/headers.ts";
import { replyHeaders } from "../../../src/envelope/reply.ts";
import { RpcError } from "../../../src/errors/rpc_error.ts";
import { sendFailure } from "../../helpers/caller_fixture.ts";
import { assertFails, turns } from "../../helpers/settled.ts";
import { end, item, read, StreamCallFixture } from "../../helpers/stream_call_fixture.ts";

Deno.test("StreamCall belongs to the run that sent its first part, and sends others away", async () => {
  const at = new StreamCallFixture();
  await at.open();
  at.arrive([item(1)]);
  const other = writeDirect({ address: "fake:other", topic: "test-Feed", broker: "a", id: 0 });
  at.arrive([item(2)], { direct: other });
  at.arrive([item(2)], { attempt: 2 });
  await turns();
  const turnedAway = at.transport.sentTo.map((
    { address, message },
  ) => [address, message.headers.get(HEADER.kind)]);
  assert.deepEqual(turnedAway, [["fake:other", "cancel"], ["fake:producer", "cancel"]]);
  assert.equal(at.caller.streams.stray, 2);
  at.arrive([item(2), end(3)]);
  assert.deepEqual(await read(await at.stream(), 2), [1, 2]);
  // Nor does anybody read it any more once it has ended.
  at.arrive([item(3)]);
  assert.equal(at.caller.streams.stray, 3);
});

Deno.test("StreamCall asks a silent producer whether it is there, ever less often, and goes on while it is", async () => {
  const at = new StreamCallFixture();
  await at.open();
  at.arrive([item(1)]);
  const stream = await at.stream();
  await stream.next();
  const pings: number[] = [];
  at.transport.onSendTo = ({ message }) => {
    if (readControl(message.headers)?.kind === "ping") {
      pings.push(at.clock.monotonic());
      at.pong(1);
    }
    return Promise.resolve();
  };
  await at.pass(60_000);
  assert.equal(at.caller.pending.size, 1);
  const gaps = pings.slice(1).map((ms, index) => ms - (pings[index] ?? 0));
  assert.ok(gaps.length >= 4 && gaps.every((gap) => gap >= 3_500 && gap <= 11_000), String(gaps));
});

Deno.test("StreamCall is unavailable when its producer answers nothing for five seconds", async () => {
  const at = new StreamCallFixture();
  await at.open();
  at.arrive([item(1)]);
  const stream = await at.stream();
  await stream.next();
  const step = assertFails(stream.next(), "unavailable", "sent_unknown");
  await at.pass(8_500);
  await step;
  assert.deepEqual(at.told, ["ping 1", "cancel"]);
  assert.deepEqual(at.clean, [0, 0, 0]);
});

Deno.test("StreamCall that cannot even ask is unavailable after thirty seconds", async () => {
  const at = new StreamCallFixture();
  await at.open();
  at.arrive([item(1)]);
  const stream = await at.stream();
  await stream.next();
  at.transport.onSendTo = () => Promise.reject(sendFailure("not_sent"));
  const step = assertFails(stream.next(), "unavailable", "sent_unknown");
  await at.pass(29_000);
  assert.equal(at.caller.pending.size, 1);
  await at.pass(2_000);
  await step;
});

Deno.test("StreamCall tells its producer of itself while items come without a need for credit", async () => {
  const at = new StreamCallFixture();
  await at.open();
  at.arrive([item(1)]);
  const stream = await at.stream();
  for (let seq = 2; seq <= 22; seq++) {
    await stream.next();
    await at.pass(1_000);
    at.arrive([item(seq)]);
  }
  assert.deepEqual(at.told.map((told) => told.split(" ")[0]), ["credit", "credit"]);
});

Deno.test("StreamCall whose producer does not know it any more waits for its end, then is unavailable", async () => {
  const disowned = (at: StreamCallFixture) => {
    const error = new RpcError("unavailable", "It does not run here any more");
    at.listen({
      headers: replyHeaders({ id: at.id, ok: false, error, ran: "maybe" }),
      body: new Uint8Array(1),
    });
  };
  const ends = new StreamCallFixture();
  await ends.open();
  ends.arrive([item(1)]);
  disowned(ends);
  await ends.pass(1_000);
  ends.arrive([item(2), end(3)]);
  const whole = await ends.stream();
  assert.deepEqual(await read(whole, 2), [1, 2]);
  assert.equal((await whole.next()).done, true);
  const breaks = new StreamCallFixture();
  await breaks.open();
  breaks.arrive([item(1)]);
  disowned(breaks);
  await breaks.pass(2_500);
  const stream = await breaks.stream();
  assert.deepEqual(await read(stream, 1), [1]);
  await assertFails(stream.next(), "unavailable", "sent_unknown");
});
