import assert from "node:assert/strict";
import { createClient } from "../../../actors/client.ts";
import { createSystem } from "../../../actors/system.ts";
import { defineService } from "../../../src/contract/define.ts";
import { method } from "../../../src/contract/method.ts";
import { SPAN_LIMIT } from "../../../src/server/defaults.ts";
import { Inherited } from "../../../src/server/inherited.ts";
import { embedded, embeddedBroker } from "../../../src/transport/embedded/mod.ts";
import { VirtualClock } from "../../../testing/virtual_clock.ts";

Deno.test("Inherited holds what was stored before, until something younger has come", () => {
  const clock = { toLocal: (storedAtMs: number) => storedAtMs };
  const inherited = new Inherited(100, clock);
  assert.deepEqual(
    [90, 99, 100, 95].map((storedAtMs, offset) => inherited.holds({ storedAtMs, offset }, 200)),
    [
      true,
      true,
      false,
      false,
    ],
  );
  assert.equal(new Inherited(undefined, clock).holds({ storedAtMs: 1, offset: 1 }, 200), false);
});

Deno.test("Inherited goes no further than an earlier owner can have come", () => {
  const inherited = new Inherited(100, { toLocal: (storedAtMs: number) => storedAtMs });
  const held = [40, 40 + SPAN_LIMIT - 1, 40 + SPAN_LIMIT, 41].map((offset) =>
    inherited.holds({ storedAtMs: 1, offset }, 200)
  );
  assert.deepEqual(held, [true, true, false, false]);
});

const Desk = defineService("test.Inheritance", {
  slow: method<number, number>({ idempotent: true, key: () => "k" }),
  quick: method<string, string>({ idempotent: true, key: () => "k" }),
}, { slots: 1 });

/** An instance dies that has answered a call behind one that it had not started. Says where the former ran. */
async function takeOver(): Promise<readonly string[]> {
  const clock = new VirtualClock();
  const broker = embeddedBroker({ clock });
  const ran: string[] = [];
  const serve = async (name: string) => {
    const system = await createSystem({ name, transport: embedded(broker), clock });
    await system.serve(Desk, {
      slow: async (ms) => {
        await clock.sleep(ms);
        return ms;
      },
      quick: (input) => {
        ran.push(`${input} at ${name}`);
        return input;
      },
    });
    return system;
  };
  const first = await clock.run(serve("first"));
  const client = await clock.run(createClient({ transport: embedded(broker), clock }));
  const { slow, quick } = client.client(Desk, { timeoutMs: 60_000 });
  // The first one runs; the second has not started, so that no mark can say what was started behind it.
  const waiting = [slow(1_000), slow(1)];
  await clock.advance(10);
  await clock.run(quick("one"));
  broker.crash(first.instance);
  const second = await clock.run(serve("second"));
  await clock.run(Promise.all(waiting));
  await clock.advance(5_000);
  await clock.run(Promise.all([client.close(), first.close(), second.close()]));
  broker.close();
  return ran;
}

Deno.test("Inherited: what was answered behind a call that had not started is not run by the next owner", async () => {
  assert.deepEqual(await takeOver(), ["one at first"]);
});
