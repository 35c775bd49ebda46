import assert from "node:assert/strict";
import { ByteRelay } from "../../../../fault/byte_relay.ts";
import { ScriptedProxy } from "../../../../fault/scripted_proxy.ts";
import { Authority } from "../../../../helpers/certificates.ts";
import { startGrpc } from "../../../../helpers/grpc_stage.ts";
import { failureOf } from "../../../../helpers/settled.ts";

Deno.test("channelCredentials: a proxy is trusted by its authority, and by no other", async () => {
  await using authority = await Authority.create();
  const tls = await authority.issue({ commonName: "proxy", names: "IP:127.0.0.1" });
  await using proxy = await ScriptedProxy.start();
  await using relay = new ByteRelay(proxy.endpoint, { tls });
  const { endpoint: endpoints } = relay;
  {
    await using started = await startGrpc({ endpoints, tls: { ca: await authority.certificate() } });
    assert.equal(started.states.at(-1), "connected");
  }
  const unknown = await failureOf(startGrpc({ endpoints, tls: true }));
  assert.deepEqual([unknown.code, unknown.outcome], ["unavailable", "not_sent"]);
  const plain = await failureOf(startGrpc({ endpoints }));
  assert.match(plain.message, /whether it expects TLS/);
});

Deno.test("channelCredentials: a proxy is checked for another name where one is given", async () => {
  await using authority = await Authority.create();
  const tls = await authority.issue({ commonName: "proxy", names: "DNS:proxy.bank.test" });
  await using proxy = await ScriptedProxy.start();
  await using relay = new ByteRelay(proxy.endpoint, { tls });
  const ca = await authority.certificate();
  const { endpoint: endpoints } = relay;
  await failureOf(startGrpc({ endpoints, tls: { ca } }));
  await using started = await startGrpc({ endpoints, tls: { ca, serverName: "proxy.bank.test" } });
  assert.equal(started.states.at(-1), "connected");
});
