/** Calls that came in a pack, and that no broker takes as messages of their own: they must not be tried until they expire. */
import assert from "node:assert/strict";
import { defineService } from "../../../src/contract/define.ts";
import { method } from "../../../src/contract/method.ts";
import { RpcError } from "../../../src/errors/rpc_error.ts";
import { MAX_HOLD_MS, PACK_HOLD_MS } from "../../../src/server/defaults.ts";
import { FakeDelivery, packOf, requestOf } from "../../helpers/deliveries.ts";
import { type FixtureOptions, ServiceFixture } from "../../helpers/service_fixture.ts";
import { turns } from "../../helpers/settled.ts";

const LONG = { timeoutMs: 600_000 };
const contract = defineService("test.Service", {
  run: method<string, string>(),
  again: method<string, string>({ idempotent: true }),
});

/** A service whose broker takes dead letters and no copies. */
class Fixture extends ServiceFixture {
  /** Tries to store a copy. */
  tries = 0;

  constructor(options?: FixtureOptions) {
    super(contract, options);
    this.transport.onSend = ({ topic }) => {
      if (topic.startsWith("%DLQ%")) return Promise.resolve();
      this.tries++;
      const refused = new RpcError("invalid_argument", "Cannot store it", { outcome: "not_sent" });
      return Promise.reject(refused);
    };
  }

  async pass(ms: number): Promise<void> {
    this.clock.advance(ms);
    this.intake.sweep(this.clock.monotonic());
    await turns();
  }
}

Deno.test("Retries keep a longer wait in place where no broker takes the copy", async () => {
  const at = new Fixture({ capabilities: { delayMs: 60_000 } });
  const pack = new FakeDelivery(packOf([requestOf("c1", LONG), requestOf("c2", LONG)], "again"));
  at.intake.deliver(pack);
  const error = new RpcError("unavailable", "Later");
  assert.ok(at.end(at.mailbox[0], { ok: false, error, ran: "yes", again: { afterMs: 20_000, attempt: 1 } }));
  assert.ok(at.run(at.mailbox[1]));
  await turns();
  await at.pass(19_990);
  assert.deepEqual([at.mailbox.length, pack.acks], [2, 0]);
  await at.pass(30);
  assert.deepEqual(at.mailbox.map(({ id, attempt }) => [id, attempt]), [["c1", 2], ["c2", 1], ["c1", 2]]);
  assert.ok(at.run(at.mailbox[2]));
  await turns();
  assert.deepEqual([at.tries, pack.acks, at.answers, at.intake.unsettled], [1, 1, ["ok", "ok"], 0]);
});

Deno.test("Holds let a call of a pack run where it is when no broker takes it alone, and ask once", async () => {
  const at = new Fixture();
  const pack = new FakeDelivery(packOf([requestOf("c1", LONG), requestOf("c2", LONG)]));
  at.intake.deliver(pack);
  const [waits, runs] = at.mailbox;
  assert.ok(runs !== undefined && runs.claim());
  await at.pass(0);
  await at.pass(PACK_HOLD_MS);
  await at.pass(PACK_HOLD_MS);
  await at.pass(PACK_HOLD_MS);
  assert.equal(at.tries, 1);
  runs.settle({ ok: true, output: "slow" });
  const last = at.mailbox.at(-1);
  assert.equal(last, waits, "it came back to its mailbox");
  assert.ok(at.run(last));
  await turns();
  assert.deepEqual([pack.acks, at.answers, at.intake.unsettled], [1, ["ok", "ok"], 0]);
});

Deno.test("Holds name a call that holds its queue and of which no broker takes a copy", async () => {
  const at = new Fixture();
  at.intake.deliver(new FakeDelivery(packOf([requestOf("slow", LONG)]), { offset: 0 }));
  at.intake.deliver(new FakeDelivery(packOf([requestOf("fast", LONG)]), { offset: 1 }));
  const [slow, fast] = at.mailbox;
  assert.ok(slow !== undefined && slow.claim());
  assert.ok(at.run(fast));
  await at.pass(MAX_HOLD_MS);
  await at.pass(MAX_HOLD_MS);
  assert.equal(at.tries, 1);
  assert.deepEqual(at.intake.holders.map(({ callId }) => callId), ["slow"]);
  slow.settle({ ok: true, output: "late" });
  await turns();
  assert.deepEqual([at.answers, at.intake.unsettled], [["ok", "ok"], 0]);
});

Deno.test("Retries answer a call that may have run elsewhere and cannot be stored anew, and keep it as a dead letter", async () => {
  const at = new Fixture();
  const copy = requestOf("c1", { ...LONG, attempt: 2, started: true });
  const pack = new FakeDelivery(packOf([copy], "again"));
  at.intake.deliver(pack);
  await turns();
  assert.deepEqual([at.tries, at.mailbox, pack.acks], [1, [], 1]);
  assert.deepEqual(at.answers, ["internal/sent_unknown"]);
  assert.match(String(at.deadLetters), /^it cannot be stored again: Cannot store it; attempts: 2$/);
});
