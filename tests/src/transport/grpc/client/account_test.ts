import assert from "node:assert/strict";
import { authorization, checkAccount, Identity } from "../../../../../src/transport/grpc/client/account.ts";

const TIME_MS = Date.UTC(2026, 8, 13, 6, 30, 59, 399);

Deno.test("authorization signs the time of a request as RocketMQ's own clients do", () => {
  // HMAC-SHA1 of the text, by OpenSSL.
  assert.equal(
    authorization({ accessKey: "bank", secretKey: "secret" }, "20260913T063059Z"),
    "MQv2-HMAC-SHA1 Credential=bank, SignedHeaders=x-mq-date-time, Signature=" +
      "3C325FABF04975F78C183969F0A295E636B2E23B",
  );
});

Deno.test("Identity shares the metadata of a second, and asks for the account again after it", () => {
  let asked = 0;
  const source = () => ({ accessKey: "bank", secretKey: `secret-${asked++}` });
  const identity = new Identity("rka1-x", source, "ns");
  const first = identity.metadata(TIME_MS);
  assert.equal(identity.metadata(TIME_MS + 500), first);
  assert.deepEqual(first.get("x-mq-date-time"), ["20260913T063059Z"]);
  assert.deepEqual(first.get("x-mq-client-id"), ["rka1-x"]);
  assert.deepEqual(first.get("x-mq-namespace"), ["ns"]);
  const second = identity.metadata(TIME_MS + 1_000);
  assert.notDeepEqual(second.get("authorization"), first.get("authorization"));
  assert.equal(asked, 2);
});

Deno.test("Identity without an account signs nothing", () => {
  assert.deepEqual(new Identity("rka1-x", undefined, undefined).metadata(TIME_MS).get("authorization"), []);
});

Deno.test("checkAccount refuses what is missing without saying what is there", () => {
  for (const account of [{ accessKey: "", secretKey: "hidden" }, { accessKey: "a", secretKey: "" }]) {
    assert.throws(() => checkAccount(account), (error: Error) => !error.message.includes("hidden"));
  }
});
