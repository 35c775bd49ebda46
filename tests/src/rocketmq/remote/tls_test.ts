import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { systemClock } from "../../../../src/async/clock.ts";
import { TimerWheel } from "../../../../src/async/timer_wheel.ts";
import { connect } from "../../../../src/rocketmq/remote/connect.ts";
import { checkTls, type TlsOptions } from "../../../../src/rocketmq/remote/tls.ts";
import { type Script, ScriptedPeer } from "../../../fault/scripted_peer.ts";
import { Authority, type Certificate } from "../../../helpers/certificates.ts";
import { echo, kinds, LONG, request } from "./bench.ts";

const IN_TIME = { names: "IP:127.0.0.1,DNS:broker.test" };

await using authority = await Authority.create();
await using stranger = await Authority.create();
const ca = await authority.certificate();
const other = await stranger.certificate();
const server = await authority.issue({ commonName: "server", ...IN_TIME });

const named = await authority.issue({ commonName: "server", names: "DNS:broker.test" });
const expired = await authority.issue({ commonName: "server", ...IN_TIME, days: -1 });

/** Connects to a peer that shows a certificate, or to a plain one. */
async function withConnection(
  script: Script,
  { shown, tls }: { readonly shown: Certificate | undefined; readonly tls: TlsOptions | undefined },
  use: (connecting: ReturnType<typeof connect>) => Promise<void>,
): Promise<void> {
  const pair = shown === undefined ? undefined : { cert: shown.certificate, key: shown.key };
  await using peer = new ScriptedPeer(script, 0, pair);
  const wheel = new TimerWheel(systemClock);
  const connecting = connect(peer.address, { clock: systemClock, wheel, tls });
  try {
    await use(connecting);
    assert.equal(wheel.size, 0);
  } finally {
    const connection = await connecting.catch(() => undefined);
    connection?.close();
    await connection?.closed;
    wheel.close();
  }
}

Deno.test("connect() speaks TLS with a server of an authority that is trusted", async () => {
  await withConnection(echo, { shown: server, tls: { ca } }, async (connecting) => {
    const connection = await connecting;
    const body = new Uint8Array(5 * 1024 * 1024).map((_, index) => index % 251);
    const calls = [1, 2, 3].map((code) => connection.call({ ...request(code), body }, LONG));
    for (const answer of await Promise.all(calls)) assert.ok(Buffer.from(answer.body).equals(body));
    const many = Array.from({ length: 500 }, (_, code) => connection.call(request(code), LONG));
    assert.deepEqual((await Promise.all(many)).map(({ code }) => code), many.map((_, code) => code));
  });
});

Deno.test("connect() checks a server's certificate against the name that it is told", async () => {
  await withConnection(echo, { shown: named, tls: { ca, serverName: "broker.test" } }, async (connecting) => {
    assert.equal((await (await connecting).call(request(7), LONG)).code, 7);
  });
  await assertRefused(named, { ca }, /its certificate is for another name: .* 'tls.serverName'$/);
  await assertRefused(server, { ca, serverName: "other.test" }, /its certificate is for another name/);
});

Deno.test("connect() says why it trusts no server, and what helps", async () => {
  await assertRefused(server, {}, /is of no authority trusted here: give .* as 'tls.ca'$/);
  await assertRefused(server, { ca: other }, /is of no authority trusted here/);
  await assertRefused(expired, { ca }, /its certificate has expired: let the server's operator renew it$/);
});

Deno.test("connect() says when a server does not speak TLS", async () => {
  const scripts: Script[] = [
    // As a server that closes on what is no frame.
    async (session) => {
      await session.firstBytes;
      session.cut();
    },
    async (session) => await session.raw(new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\n\r\n")),
  ];
  for (const script of scripts) {
    await assertRefused(undefined, { ca }, /does not answer in TLS: .* leave out 'tls'/, script);
  }
});

Deno.test("connect() gives a handshake up at its end of time and at its signal", async () => {
  // Accepts, as the system does for it, and says nothing.
  using mute = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const address = `127.0.0.1:${mute.addr.port}`;
  const wheel = new TimerWheel(systemClock);
  const options = { clock: systemClock, wheel, tls: { ca } };
  await assert.rejects(connect(address, { ...options, connectTimeoutMs: 100 }), {
    kind: "not_sent",
    message: `Cannot connect to ${address}: no answer within 100 ms`,
  });
  const reason = new Error("Changed my mind");
  await assert.rejects(connect(address, { ...options, signal: AbortSignal.abort(reason) }), reason);
  const controller = new AbortController();
  const connecting = connect(address, { ...options, signal: controller.signal });
  await mute.accept().then((connection) => connection.close());
  const accepted = await mute.accept();
  controller.abort(reason);
  await assert.rejects(connecting, reason);
  accepted.close();
  assert.equal(wheel.size, 0);
  wheel.close();
});

Deno.test("Connection in TLS fails what waits when it is cut, and when it is closed here", async () => {
  await withConnection(
    async (session) => {
      await session.next();
      session.cut();
    },
    { shown: server, tls: { ca } },
    async (connecting) => {
      const connection = await connecting;
      assert.deepEqual(await kinds([connection.call(request(1), LONG)]), ["unknown"]);
      assert.equal((await connection.closed)?.kind, "unknown");
    },
  );
  await withConnection(() => {}, { shown: server, tls: { ca } }, async (connecting) => {
    const connection = await connecting;
    const call = connection.call(request(1), LONG);
    await Promise.resolve();
    connection.close();
    assert.deepEqual(await kinds([call]), ["unknown"]);
    assert.equal(await connection.closed, undefined);
  });
});

Deno.test("checkTls() says which option cannot be used", () => {
  const { certificate, key } = server;
  const wrong: Readonly<Record<string, TlsOptions>> = {
    "'tls.ca': it must be PEM text": { ca: "/etc/ca.pem" },
    "'tls.ca': it must hold a certificate": { ca: [] },
    "'tls.key': 'certificate' and 'key' go together": { certificate },
    "'tls.certificate': 'certificate' and 'key' go together": { key },
    "'tls.certificate': it must be PEM text of a certificate": { certificate: key, key },
    "'tls.key': it must be PEM text of a private key": { certificate, key: certificate },
    "'tls.serverName': it must be a name": { serverName: "" },
    "'tls.serverName': it must be a name;": { serverName: "10.0.0.1" },
  };
  for (const [message, options] of Object.entries(wrong)) {
    assert.throws(
      () => checkTls(options),
      ({ name, message: text }: Error) => name === "TypeError" && text.startsWith(`Cannot use ${message}`),
      message,
    );
  }
  assert.deepEqual(checkTls({ ca, certificate, key }).ca, [ca]);
});

async function assertRefused(
  shown: Certificate | undefined,
  tls: TlsOptions,
  message: RegExp,
  script: Script = echo,
): Promise<void> {
  await withConnection(script, { shown, tls }, async (connecting) => {
    await assert.rejects(connecting, { name: "RocketMqError", kind: "not_sent", message });
  });
}
