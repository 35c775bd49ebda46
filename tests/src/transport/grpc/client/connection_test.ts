import assert from "node:assert/strict";
import { systemClock } from "rocket-actors";
import { Connection } from "../../../../../src/transport/grpc/client/connection.ts";
import { ScriptedProxy } from "../../../../fault/scripted_proxy.ts";
import { startGrpc } from "../../../../helpers/grpc_stage.ts";
import { assertFails, failureOf, until } from "../../../../helpers/settled.ts";

/** A port at which nobody listens. */
const NOBODY = "127.0.0.1:1";

Deno.test("Connection reaches an endpoint by the name of its host", async () => {
  await using proxy = await ScriptedProxy.start();
  await using started = await startGrpc({ endpoints: `localhost:${portOf(proxy)}` });
  const { transport, heard, states } = started;
  await transport.sendTo(transport.addresses.reply, { tag: "", keys: [], headers: new Map(), body: BODY });
  await until(() => heard.length === 1);
  assert.deepEqual(states, ["connected"]);
  proxy.stop();
  await until(() => states.at(-1) === "degraded");
  await proxy.listen();
  await until(() => states.at(-1) === "connected");
});

Deno.test("Connection goes on to the next of several endpoints where the first ones are dead or have no address", async () => {
  await using proxy = await ScriptedProxy.start();
  const endpoints = `${NOBODY};nowhere.invalid:8081;localhost:${portOf(proxy)}`;
  const since = performance.now();
  await using started = await startGrpc({ endpoints });
  assert.ok(performance.now() - since < 3_000, `it took ${performance.now() - since} ms`);
  assert.equal(started.states.at(-1), "connected");
  assert.ok(proxy.count("receive") > 0);
});

Deno.test("Connection says of every endpoint that none answers, and of the last one why", async () => {
  const failure = await failureOf(startGrpc({ endpoints: `${NOBODY};localhost:1` }));
  assert.deepEqual([failure.code, failure.outcome], ["unavailable", "not_sent"]);
  assert.match(failure.message, /127\.0\.0\.1:1;localhost:1".*ECONNREFUSED/);
});

Deno.test("Connection gives up an endpoint that takes connections and says nothing, and tries the next one", async () => {
  using mute = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const taken: Deno.Conn[] = [];
  const accepting = (async () => {
    for await (const connection of mute) taken.push(connection);
  })();
  await using proxy = await ScriptedProxy.start();
  const port = mute.addr.port;
  const alone = await assertFails(
    startGrpc({ endpoints: `127.0.0.1:${port}` }),
    "unavailable",
    "not_sent",
  );
  assert.match(alone.message, /Cannot reach a RocketMQ proxy/);
  await using started = await startGrpc({ endpoints: `127.0.0.1:${port};${proxy.endpoint}` });
  assert.equal(started.states.at(-1), "connected");
  mute.close();
  await accepting;
  for (const connection of taken) connection.close();
});

Deno.test("Connection leaves nothing behind when it is closed in the turn in which it begins to connect", async () => {
  const connection = new Connection({
    endpoints: [{ host: "127.0.0.1", port: 1 }],
    tls: false,
    clock: systemClock,
    random: Math.random,
    onChange: () => {},
  });
  connection.start();
  await connection.close();
  // Deno's own check of what a test leaves behind sees timers and connections.
  await assert.rejects(connection.ready(), { kind: "not_sent" });
});

const BODY = Uint8Array.of(1);

function portOf(proxy: ScriptedProxy): string {
  return proxy.endpoint.split(":")[1] ?? "";
}
