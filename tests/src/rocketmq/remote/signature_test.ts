import assert from "node:assert/strict";
import { inspect } from "node:util";
import type { Credentials } from "../../../../src/rocketmq/remote/credentials.ts";
import { requestSigner } from "../../../../src/rocketmq/remote/signature.ts";
import { RocketMqClient } from "../../../../src/rocketmq/mod.ts";
import type { Session } from "../../../fault/scripted_peer.ts";
import { LONG, withPeer } from "./bench.ts";

const credentials: Credentials = { accessKey: "ak", secretKey: "sk" };
const fields = { topic: "T", acceptStandardJsonOnly: "true" };
const hello = new TextEncoder().encode("hello");

Deno.test("requestSigner() signs values in the order of their names, then the body", () => {
  const sign = requestSigner(credentials);
  assert.deepEqual(sign(fields, undefined), {
    ...fields,
    AccessKey: "ak",
    Signature: "61INrPr16f5hs9UHLHMFWV/59p4=",
  });
  assert.equal(sign(fields, hello)["Signature"], "GPN5I0GK20K7ybEJPpGCRMa+ZIQ=");
  assert.equal(sign(fields, new Uint8Array(0))["Signature"], "61INrPr16f5hs9UHLHMFWV/59p4=");
});

Deno.test("requestSigner() signs anew what was signed before, and sends a security token along", () => {
  const signed = requestSigner(credentials)(fields, hello);
  assert.deepEqual(requestSigner(credentials)(signed, hello), signed);
  const withToken = requestSigner({ ...credentials, securityToken: "st" })(fields, hello);
  assert.equal(withToken["SecurityToken"], "st");
  assert.notEqual(withToken["Signature"], signed["Signature"]);
});

Deno.test("requestSigner() leaves out fields without a value, which servers would sign as null", () => {
  const sign = requestSigner(credentials);
  assert.deepEqual(sign({ ...fields, i: "" }, undefined), sign(fields, undefined));
});

Deno.test("requestSigner() asks a function each time, and keeps what it was given as it was", () => {
  const keys = [credentials, { accessKey: "ak2", secretKey: "sk2" }];
  const sign = requestSigner(() => keys.shift() ?? credentials);
  assert.deepEqual([1, 2].map(() => sign(fields, undefined)["AccessKey"]), ["ak", "ak2"]);
  const mutable = { ...credentials };
  const fixed = requestSigner(mutable);
  mutable.accessKey = "other";
  assert.equal(fixed(fields, undefined)["AccessKey"], "ak");
});

Deno.test("requestSigner() refuses credentials without keys, and does not tell them", () => {
  for (const wrong of [{ accessKey: "", secretKey: "hush" }, { accessKey: "ak", secretKey: "" }]) {
    const refused = { name: "TypeError", message: /^Cannot use 'credentials': '(access|secret)Key' must/ };
    assert.throws(() => requestSigner(wrong), refused);
    assert.throws(() => requestSigner(() => wrong)(fields, undefined), refused);
    assert.throws(() => requestSigner(wrong), ({ message }: Error) => !message.includes("hush"));
  }
  assert.throws(() => requestSigner({ ...credentials, securityToken: "" }), TypeError);
});

Deno.test("Connection signs calls and one-way requests, and no answer to the server", async () => {
  const seen: Record<string, string>[] = [];
  const take = async (session: Session): Promise<void> => {
    const command = await session.next();
    seen.push({ ...command.fields });
    if ((command.flag & 2) === 0 && (command.flag & 1) === 0) await session.answer(command, { code: 0 });
  };
  await withPeer(async (session) => {
    await take(session);
    const asked = await session.next();
    seen.push({ ...asked.fields });
    await session.ask({ code: 40, opaque: 7 });
    await take(session);
    await session.answer(asked, { code: 0 });
  }, async ({ connection }) => {
    connection.oneway({ code: 15, fields });
    await connection.call({ code: 105, fields, body: hello }, LONG);
  }, { sign: requestSigner(credentials), onRequest: () => ({ code: 0, fields: { x: "1" } }) });
  assert.deepEqual(seen.map((one) => one["Signature"]), [
    "61INrPr16f5hs9UHLHMFWV/59p4=",
    "GPN5I0GK20K7ybEJPpGCRMa+ZIQ=",
    undefined,
  ]);
});

Deno.test("Connection sends nothing when its credentials fail", async () => {
  await withPeer(() => {}, async ({ connection, peer }) => {
    await assert.rejects(connection.call({ code: 105, fields }, LONG), {
      kind: "not_sent",
      message: `Cannot send request 105 GET_ROUTEINFO_BY_TOPIC to ${peer.address}: no keys at hand`,
    });
  }, {
    sign: requestSigner(() => {
      throw new Error("no keys at hand");
    }),
  });
});

Deno.test("RocketMqClient shows its secret to nobody who prints it", async () => {
  await using client = new RocketMqClient({
    nameServers: "127.0.0.1:1",
    clientId: "c",
    credentials: { accessKey: "ak", secretKey: "hush" },
    tls: { certificate: pem("CERTIFICATE"), key: pem("PRIVATE KEY") },
  });
  const shown = Deno.inspect(client, { depth: 9 }) + inspect(client, { depth: 9, showHidden: true }) +
    JSON.stringify(client);
  assert.doesNotMatch(shown, /hush/);
  const error = await client.request("127.0.0.1:1", { code: 105, fields: {} }).catch((error) => error);
  assert.doesNotMatch(Deno.inspect(error, { depth: 9 }), /hush/);
});

function pem(what: string): string {
  return `-----BEGIN ${what}-----\nhush\n-----END ${what}-----\n`;
}
