import assert from "node:assert/strict";
import { createClient } from "../../actors/client.ts";
import { createSystem } from "../../actors/system.ts";
import { embedded, embeddedBroker } from "../../src/transport/embedded/mod.ts";
import { assertFails, turns } from "../helpers/settled.ts";

import { gated, handlers, Service } from "../helpers/test_service.ts";

Deno.test("createClient drains with await using and stops with close", async () => {
  const broker = embeddedBroker();
  const { gate, handler } = gated();
  const system = await createSystem({ name: "test", transport: embedded(broker) });
  await system.serve(Service, handlers(handler));
  const closed = await createClient({ transport: embedded(broker) });
  const cancelled = assertFails(closed.client(Service).once(1), "cancelled", "sent_unknown");
  const drained = await createClient({ transport: embedded(broker) });
  const answered = drained.client(Service).once(1);
  await turns(5);
  assert.equal(drained.pending, 1);
  await closed.close();
  await cancelled;
  const disposing = drained[Symbol.asyncDispose]();
  await assertFails(drained.client(Service).once(2), "unavailable", "not_sent");
  gate.resolve("done");
  assert.equal(await answered, "done");
  await Promise.all([disposing, drained.close(), system.close()]);
  broker.close();
});
