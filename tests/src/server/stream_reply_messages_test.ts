import assert from "node:assert/strict";
import type { ItemSink } from "../../../src/call/item_sink.ts";
import { defineService } from "../../../src/contract/define.ts";
import { method } from "../../../src/contract/method.ts";
import { type } from "../../../src/contract/schema.ts";
import type { Credit } from "../../../src/envelope/credit.ts";
import { readStreamMessage } from "../../../src/envelope/item.ts";
import { RpcError } from "../../../src/errors/rpc_error.ts";
import { FakeDelivery, messageOf, requestOf } from "../../helpers/deliveries.ts";
import { ServiceFixture } from "../../helpers/service_fixture.ts";
import { turns } from "../../helpers/settled.ts";

const contract = defineService("test.Service", {
  run: method.stream<string, unknown, { Long: string }>({ errors: { Long: type() } }),
});

/** A service that produces one stream, whose handler the test plays. */
class Fixture extends ServiceFixture {
  constructor(credit: Credit = { items: 200, bytes: 1024 * 1024 }) {
    super(contract);
    this.intake.deliver(new FakeDelivery(messageOf(requestOf("c1", { credit, timeoutMs: 300_000 }), "run")));
    assert.ok(this.call.claim());
    void this.call.started();
  }

  get call() {
    const [call] = this.mailbox;
    if (call === undefined) throw new TypeError("It has not arrived");
    return call;
  }

  get sink(): ItemSink {
    const { stream } = this.call;
    if (stream === undefined) throw new TypeError("It is no stream");
    return stream;
  }

  /** The numbers of the parts that were sent, message by message, whatever became of these. */
  get messages(): readonly (readonly number[])[] {
    return this.transport.sentTo.map(({ message: { headers, body } }) =>
      readStreamMessage(headers, body).parts.map(({ seq }) => seq)
    );
  }
}

Deno.test("StreamReply sends what may be stored once more as the same message, so that it is found by its first part", async () => {
  const at = new Fixture();
  at.transport.onSendTo = () => Promise.reject(new RpcError("unavailable", "no answer"));
  for (const item of ["a", "b"]) void at.sink.push(item);
  await turns();
  void at.sink.push("c");
  at.call.settle({ ok: true, output: undefined });
  at.transport.onSendTo = () => Promise.resolve();
  at.clock.advance(3_000);
  await turns(10);
  assert.deepEqual(at.messages, [[1, 2], [1, 2], [3, 4]]);
});

Deno.test("StreamReply sends large details behind the items, in a message of their own", async () => {
  const at = new Fixture();
  for (const item of ["a", "b"]) void at.sink.push(item);
  const details = "x".repeat(300_000);
  const declared = { contract: contract.name, error: "Long" };
  const error = new RpcError("aborted", "too long", { declared, details });
  at.call.settle({ ok: false, error, ran: "yes" });
  await turns(10);
  assert.deepEqual(at.messages, [[1, 2], [3]]);
});

Deno.test("StreamReply is not as far ahead of its reader as that may say", async () => {
  const at = new Fixture({ items: 999_999_999, bytes: 999_999_999_999 });
  let made = 0;
  for (let turn = 0; turn < 100; turn++) {
    while (at.sink.room() === undefined && made < 10_000) {
      void at.sink.push(null);
      made++;
    }
    await turns();
  }
  assert.equal(made, 4_096);
  assert.ok(at.shared.streams.control({ kind: "credit", id: "c1", seq: 999_999 }));
  assert.equal(at.sink.room(), undefined);
});
