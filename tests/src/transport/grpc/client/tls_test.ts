import assert from "node:assert/strict";
import type { GrpcOptions } from "rocket-actors/transport/grpc";
import { ByteRelay } from "../../../../fault/byte_relay.ts";
import { ScriptedProxy } from "../../../../fault/scripted_proxy.ts";
import { Authority } from "../../../../helpers/certificates.ts";
import { startGrpc, textMessage } from "../../../../helpers/grpc_stage.ts";
import { assertFails, failureOf, until } from "../../../../helpers/settled.ts";

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

Deno.test("grpc() shows its certificate to a proxy that asks for one, and is refused without", async () => {
  await using authority = await Authority.create();
  await using other = await Authority.create();
  const server = await authority.issue({ commonName: "proxy", names: "IP:127.0.0.1,DNS:localhost" });
  const client = await authority.issue({ commonName: "client" });
  const stranger = await other.issue({ commonName: "stranger" });
  const ca = await authority.certificate();
  await using proxy = await ScriptedProxy.start({}, { ca, ...server });
  const port = proxy.endpoint.split(":")[1];
  const shown = { ca, certificate: client.certificate, key: client.key };
  for (const endpoints of [proxy.endpoint, `localhost:${port}`]) {
    await using started = await startGrpc({ endpoints, tls: shown });
    const { transport, heard } = started;
    await transport.sendTo(transport.addresses.reply, textMessage("", "encrypted"));
    await until(() => heard.length === 1);
  }
  const before = proxy.asked.length;
  const refused: GrpcOptions["tls"][] = [
    false,
    true,
    { ca },
    { ca, certificate: stranger.certificate, key: stranger.key },
    { ...shown, ca: await other.certificate() },
    { ...shown, serverName: "other.test" },
  ];
  await Promise.all(
    refused.map((tls) =>
      assertFails(startGrpc({ endpoints: proxy.endpoint, tls }), "unavailable", "not_sent")
    ),
  );
  assert.equal(proxy.asked.length, before, "nobody of them got as far as a request");
});
