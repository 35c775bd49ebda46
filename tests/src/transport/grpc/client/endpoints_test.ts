import assert from "node:assert/strict";
import { nameOf, parseEndpoints, targetOf } from "../../../../../src/transport/grpc/client/endpoints.ts";

Deno.test("parseEndpoints reads hosts, IPv4 and IPv6 addresses, one or several", () => {
  const endpoints = parseEndpoints("127.0.0.1:8081; proxy.bank.test:81,[::1]:8081");
  assert.deepEqual(endpoints.map(nameOf), ["127.0.0.1:8081", "proxy.bank.test:81", "[::1]:8081"]);
  assert.deepEqual(endpoints.map(targetOf), [
    "dns:127.0.0.1:8081",
    "dns:proxy.bank.test:81",
    "ipv6:[::1]:8081",
  ]);
});

Deno.test("parseEndpoints refuses what it cannot read, and says which part", () => {
  const wrong = [
    "",
    ";",
    "host",
    "host:",
    ":8081",
    "host:0",
    "host:65536",
    "http://host:81",
    "a b:81",
    "::1:81",
    "[x]:81",
  ];
  for (const text of wrong) {
    assert.throws(() => parseEndpoints(text), /Cannot use 'endpoints': each must be host:port/, text);
  }
  assert.throws(() => parseEndpoints("good:81;bad"), /current value is "bad"/);
});
