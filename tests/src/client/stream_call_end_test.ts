import assert from "node:assert/strict";
import { json } from "../../../src/codec/json.ts";
import { RpcError } from "../../../src/errors/rpc_error.ts";
import { sendFailure } from "../../helpers/caller_fixture.ts";
import { assertFails } from "../../helpers/settled.ts";
import { end, item, items, read, StreamCallFixture } from "../../helpers/stream_call_fixture.ts";

Deno.test("StreamCall that fails before its first part rejects, and is made again where its method allows it", async () => {
  const refused = new StreamCallFixture();
  await refused.open();
  refused.refuse(0, "not_found", "yes");
  await assertFails(refused.opening, "not_found", "replied");
  const again = new StreamCallFixture();
  await again.open({}, "again");
  again.refuse(0, "unavailable");
  await again.pass(500);
  assert.equal(again.sent.length, 2);
  again.arrive([end(1)]);
  assert.equal((await (await again.stream()).next()).done, true);
  const lost = new StreamCallFixture();
  await lost.open();
  lost.answer(0, 5);
  await assertFails(lost.opening, "internal", "executed_reply_lost");
});

Deno.test("StreamCall without items may end with a reply", async () => {
  const at = new StreamCallFixture();
  await at.open();
  at.answer(0);
  assert.equal((await (await at.stream()).next()).done, true);
  assert.deepEqual(at.clean, [0, 0, 0]);
});

Deno.test("StreamCall gives what has come before the error that ends it, and before its deadline", async () => {
  const failed = new StreamCallFixture();
  await failed.open();
  const error = new RpcError("aborted", "no more", { outcome: "replied" });
  failed.arrive([item(1), item(2), end(3, { ok: false, error, ran: "yes" })]);
  const stream = await failed.stream();
  assert.deepEqual(await read(stream, 2), [1, 2]);
  await assertFails(stream.next(), "aborted", "replied");
  assert.equal((await stream.next()).done, true);
  const late = new StreamCallFixture();
  await late.open({ timeoutMs: 1_000 });
  late.arrive(items(1, 2));
  await late.pass(1_500);
  const read2 = await late.stream();
  assert.deepEqual(await read(read2, 2), [1, 2]);
  await assertFails(read2.next(), "deadline_exceeded", "sent_unknown");
  assert.deepEqual(late.clean, [0, 0, 0]);
});

Deno.test("StreamCall whose item cannot be read ends there, and its producer is told", async () => {
  const at = new StreamCallFixture();
  await at.open();
  at.arrive([item(1), { kind: "item", seq: 2, type: json.contentType, body: Uint8Array.of(1) }, item(3)]);
  const stream = await at.stream();
  await read(stream, 1);
  await assertFails(stream.next(), "internal", "executed_reply_lost");
  assert.equal((await stream.next()).done, true);
  assert.deepEqual(at.told, ["cancel"]);
  assert.deepEqual(at.clean, [0, 0, 0]);
});

Deno.test("StreamCall that is returned, aborted or closed drops what has come, and tells its producer at once", async () => {
  const returned = new StreamCallFixture();
  await returned.open();
  returned.arrive(items(1, 3));
  const one = await returned.stream();
  await one.return?.();
  assert.equal((await one.next()).done, true);
  const controller = new AbortController();
  const aborted = new StreamCallFixture();
  await aborted.open({ signal: controller.signal });
  aborted.arrive(items(1, 3));
  const two = await aborted.stream();
  controller.abort();
  await assertFails(two.next(), "cancelled", "sent_unknown");
  const closed = new StreamCallFixture();
  await closed.open();
  closed.arrive(items(1, 3));
  const three = await closed.stream();
  closed.caller.close("the client is closed");
  await assertFails(three.next(), "cancelled", "sent_unknown");
  for (const at of [returned, aborted, closed]) {
    assert.deepEqual(at.told, ["cancel"]);
    assert.deepEqual([at.clean, at.caller.streams.size], [[0, 0, 0], 0]);
  }
});

Deno.test("StreamCall is not made again for a send that failed, once its parts have come", async () => {
  const at = new StreamCallFixture();
  const answers: (() => void)[] = [];
  at.transport.onSend = () =>
    new Promise((_, reject) => answers.push(() => reject(sendFailure("sent_unknown"))));
  await at.open({}, "again");
  at.arrive([item(1)]);
  answers.shift()?.();
  await at.pass(2_000);
  at.arrive([item(2), end(3)]);
  assert.deepEqual(await read(await at.stream(), 2), [1, 2]);
  assert.equal(at.sent.length, 1);
  const unheard = new StreamCallFixture();
  unheard.failSends("sent_unknown");
  await unheard.open({}, "again");
  await unheard.pass(500);
  assert.equal(unheard.sent.length, 2);
  unheard.caller.close("done");
});
