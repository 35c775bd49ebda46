import assert from "node:assert/strict";
import type { Command } from "../../../../src/rocketmq/remote/command.ts";
import { accessRefusal } from "../../../../src/rocketmq/remote/access_refusal.ts";
import { refusal, refusesAccess } from "../../../../src/rocketmq/remote/response.ts";

/** What brokers of 5.5.0 and 4.9.7 said, and what is made of it. */
const SAID: Readonly<Record<string, string>> = {
  "username cannot be null.": "username cannot be null; give this client credentials",
  "check signature failed.": "check signature failed; check its access key and secret key",
  "User:nobody is not found.": "User:nobody is not found; check its access key and secret key",
  "User:app has no permission to access Topic:T from 127.0.0.1, no matched policies.":
    "User:app has no permission to access Topic:T from 127.0.0.1, no matched policies; let an operator grant it",
  [thrown("No accessKey is configured")]: "No accessKey is configured; give this client credentials",
  [thrown("No acl config for nobody")]: "No acl config for nobody; check its access key and secret key",
  [thrown("Need admin permission for request code=17, but accessKey=app is not")]:
    "Need admin permission for request code=17, but accessKey=app is not; let an operator grant it",
  [thrown("Something new")]: "Something new; see the accounts of the cluster",
};

Deno.test("accessRefusal() reads what either ACL says, and says what helps", () => {
  for (const [remark, expected] of Object.entries(SAID)) {
    const refused = accessRefusal(remark);
    assert.equal(`${refused?.reason}; ${refused?.advice}`, expected);
  }
  for (
    const remark of ["", "the topic[T] sending message is forbidden", "java.lang.NullPointerException: null"]
  ) {
    assert.equal(accessRefusal(remark), undefined);
  }
});

Deno.test("refusal() has code 16 for a refusal of access, whatever the server answered", () => {
  const response: Command = {
    code: 1,
    flag: 1,
    opaque: 1,
    language: "JAVA",
    version: 407,
    remark: `${thrown("No default permission for topic:T")}\n\tat org.apache`,
    fields: {},
    body: new Uint8Array(0),
  };
  const { kind, responseCode, access, message } = refusal(response, "b:1");
  assert.deepEqual([kind, responseCode, access], ["refused", 16, "permission"]);
  assert.equal(refusal({ ...response, remark: "check signature failed." }, "b:1").access, "identity");
  assert.equal(
    message,
    "b:1 answered 1 SYSTEM_ERROR: No default permission for topic:T; let an operator grant it",
  );
  assert.equal(refusesAccess(response), true);
  const other = { ...response, remark: "java.lang.NullPointerException" };
  assert.deepEqual([refusal(other, "b:1").responseCode, refusesAccess(other)], [1, false]);
});

function thrown(what: string): string {
  return `org.apache.rocketmq.acl.common.AclException: ${what}, ` +
    "org.apache.rocketmq.acl.plain.PlainPermissionManager.checkPerm(PlainPermissionManager.java:610)";
}
