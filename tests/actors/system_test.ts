import assert from "node:assert/strict";
import { createClient } from "../../actors/client.ts";
import { createSystem } from "../../actors/system.ts";
import { defineService } from "../../src/contract/define.ts";
import { method } from "../../src/contract/method.ts";
import { MemoryBroker } from "../../src/transport/embedded/broker.ts";
import { embedded, embeddedBroker } from "../../src/transport/embedded/mod.ts";
import { assertFails, turns } from "../helpers/settled.ts";

import { gated, handlers, Later, served, Service } from "../helpers/test_service.ts";

Deno.test("createSystem close settles pending calls with cancelled, lets handlers finish and tells why", async () => {
  const { gate, contexts, handler } = gated();
  const { system } = await served(handler);
  const client = system.client(Service);
  const pending = assertFails(client.once(1), "cancelled", "sent_unknown");
  await turns(5);
  let closed = false;
  const closing = system.close("maintenance").then(() => closed = true);
  await pending;
  await turns();
  assert.ok(!closed && contexts[0]?.signal.aborted === false);
  await assertFails(client.once(2), "unavailable", "not_sent");
  await assert.rejects(system.serve(Later, { ...handlers(), more: (input) => input }), {
    message: /the system is closing/,
  });
  gate.resolve("done");
  await closing;
  await system.close("again");
  assert.equal(await system.closed, "maintenance");
});

Deno.test("createSystem drains with await using: what runs is answered, what comes is refused", async () => {
  const { gate, contexts, handler } = gated();
  const { system } = await served(handler);
  const answer = system.client(Service).once(1);
  await turns(5);
  assert.equal(contexts.length, 1);
  const disposing = system[Symbol.asyncDispose]();
  await assert.rejects(system.serve(Later, { ...handlers(), more: (input) => input }), {
    message: /the system is closing/,
  });
  await turns();
  gate.resolve("done");
  assert.equal(await answer, "done");
  await Promise.all([disposing, system[Symbol.asyncDispose]()]);
  assert.equal(await system.closed, "disposed by its owner");
});

Deno.test("createSystem serves a contract once, also when asked twice in one turn", async () => {
  await using system = await createSystem({ name: "test", transport: embedded() });
  const first = system.serve(Service, handlers());
  await assert.rejects(system.serve(Service, handlers()), {
    name: "TypeError",
    message: /twice in one system/,
  });
  await (await first).stop();
  await using again = await system.serve(Service, handlers());
  assert.equal(again.state().queues.length, 16);
  assert.equal(await system.client(Service).once(5), 5);
});

Deno.test("createSystem leaves nothing behind when it is closed while a service starts, however far it is", async () => {
  const joined: boolean[] = [];
  for (let steps = 0; steps < 40; steps++) {
    const broker = new MemoryBroker();
    const system = await createSystem({ name: "test", transport: embedded(broker) });
    let served = false;
    const serving = system.serve(Service, handlers()).then(() => served = true, () => {});
    for (let step = 0; step < steps; step++) await Promise.resolve();
    joined.push(broker.group("rpc-test-Service")?.members.length === 1);
    await system.close();
    await serving;
    assert.deepEqual(
      broker.group("rpc-test-Service")?.members ?? [],
      [],
      `after ${steps} steps, served: ${served}`,
    );
    broker.close();
  }
  assert.ok(joined.includes(false) && joined.includes(true), "it was closed before and after it had joined");
});

Deno.test("createSystem lets a service start again after its start failed", async () => {
  await using system = await createSystem({ name: "test", transport: embedded() });
  const wrong: unknown = { echo: 1 };
  await assert.rejects(Reflect.apply(system.serve, system, [Service, wrong]), TypeError);
  await assert.rejects(system.serve(Service, handlers(), { timeoutMs: 0 }), RangeError);
  assert.equal((await system.serve(Service, handlers())).contract, "test.Service");
});

Deno.test("createSystem refuses names and contracts that cannot be", async () => {
  for (const name of ["", "a b", "x".repeat(65)]) {
    await assert.rejects(createSystem({ name, transport: embedded() }), {
      name: "TypeError",
      message: /^Cannot start a system: its name must be/,
    });
  }
  await using system = await createSystem({ name: "test", transport: embedded() });
  const foreign = defineService("test.Foreign", { run: method() }, { foreign: true });
  await assert.rejects(system.serve(foreign, { run: () => {} }), {
    name: "TypeError",
    message: /declared foreign/,
  });
});

Deno.test("createSystem sends the replies of all its services to one caller together", async () => {
  const broker = embeddedBroker();
  const contracts = Array.from(
    { length: 10 },
    (_, index) => defineService(`test.Many${index}`, { echo: method<number, number>({ safe: true }) }),
  );
  const transport = embedded(broker);
  const sendTo = transport.sendTo.bind(transport);
  let messages = 0;
  transport.sendTo = (...args) => {
    messages++;
    return sendTo(...args);
  };
  await using system = await createSystem({ name: "many", transport });
  for (const contract of contracts) await system.serve(contract, { echo: (value) => value });
  await using caller = await createClient({ transport: embedded(broker) });
  const call = () => Promise.all(contracts.map((contract, index) => caller.client(contract).echo(index)));
  await call();
  messages = 0;
  assert.deepEqual(await call(), [...contracts.keys()]);
  assert.ok(messages < contracts.length / 2, `${messages} messages for ${contracts.length} replies`);
});
