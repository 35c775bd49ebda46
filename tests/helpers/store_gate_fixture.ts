import assert from "node:assert/strict";
import type { InboundCall, Result } from "../../src/call/inbound.ts";
import { defineService } from "../../src/contract/define.ts";
import { method } from "../../src/contract/method.ts";
import type { Request } from "../../src/envelope/request.ts";
import { FakeDelivery, messageOf, requestOf } from "./deliveries.ts";
import type { RecordingStore } from "./recording_store.ts";
import { ServiceFixture } from "./service_fixture.ts";
import { turns } from "./settled.ts";

/** A contract with one method of each promise, and a one-way one. */
export const Guarded = defineService("test.Service", {
  run: method<string, string>(),
  again: method<string, string>({ idempotent: true }),
  look: method<string, string>({ safe: true }),
  note: method.oneway<string>(),
});

/** One instance over a store, with a mailbox that the test takes from as a cell does. */
export class StoreGateFixture extends ServiceFixture {
  #offset = 0;

  constructor(store: RecordingStore) {
    super(Guarded, { store });
  }

  /** A call arrives. */
  receive(id: string, tag = "run", changes: Partial<Request> = {}, starts = 0): FakeDelivery {
    const request = requestOf(id, { timeoutMs: 60_000, ...changes });
    const offset = this.#offset++;
    const delivery = new FakeDelivery(messageOf(request, tag), {
      offset,
      starts,
      storedAtMs: this.clock.now(),
    });
    this.intake.deliver(delivery);
    return delivery;
  }

  /** A call arrives, and its handler begins. */
  async begin(id: string, tag = "run", changes: Partial<Request> = {}): Promise<InboundCall> {
    this.receive(id, tag, changes);
    const call = this.mailbox.pop();
    assert.ok(call !== undefined && call.claim());
    await call.started();
    return call;
  }

  /** Takes every call and runs it, if it may start. Gives those that ran. */
  async take(
    end: (call: InboundCall) => Result = () => ({ ok: true, output: "done" }),
  ): Promise<readonly string[]> {
    const ran: string[] = [];
    await turns();
    for (const call of this.mailbox.splice(0)) {
      if (!call.claim()) continue;
      try {
        await call.started();
      } catch {
        continue;
      }
      if (call.withdrawn) continue;
      ran.push(`${call.id}#${call.attempt}`);
      call.settle(end(call));
    }
    await turns();
    return ran;
  }
}
