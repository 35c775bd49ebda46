import assert from "node:assert/strict";
import { endpointsFrom } from "./environment.ts";
import { findBroker } from "./launcher.ts";
import { BROKER_PORTS, findPort } from "./ports.ts";

function environment(values: Record<string, string>): (name: string) => string | undefined {
  return (name) => values[name];
}

Deno.test("endpointsFrom() is undefined when nothing is named", () => {
  assert.equal(endpointsFrom(environment({})), undefined);
  assert.equal(endpointsFrom(environment({ ROCKET_ACTORS_NAME_SERVER: " " })), undefined);
});

Deno.test("endpointsFrom() takes host names, addresses and lists", () => {
  for (const nameServer of ["mq.local:9876", "127.0.0.1:9876", "[::1]:9876", "a:1;b:2"]) {
    const endpoints = endpointsFrom(environment({ ROCKET_ACTORS_NAME_SERVER: nameServer }));
    assert.deepEqual(endpoints, { nameServer, proxy: undefined });
  }
});

Deno.test("endpointsFrom() says the form when a value is malformed", () => {
  for (const value of ["localhost", "http://localhost:9876", "a:0", "a:70000", "a:1;", ":9876"]) {
    assert.throws(() => endpointsFrom(environment({ ROCKET_ACTORS_NAME_SERVER: value })), {
      name: "BrokerUnavailable",
      message: /ROCKET_ACTORS_NAME_SERVER is .* host:port.*127\.0\.0\.1:9876/,
    });
  }
  const proxyOnly = { ROCKET_ACTORS_PROXY: "a:8081" };
  assert.throws(() => endpointsFrom(environment(proxyOnly)), /ROCKET_ACTORS_NAME_SERVER is not/);
  const badProxy = { ROCKET_ACTORS_NAME_SERVER: "a:1", ROCKET_ACTORS_PROXY: "8081" };
  assert.throws(() => endpointsFrom(environment(badProxy)), /ROCKET_ACTORS_PROXY is "8081"/);
});

Deno.test("findBroker() prefers the environment", async () => {
  const before = Deno.env.get("ROCKET_ACTORS_NAME_SERVER");
  Deno.env.set("ROCKET_ACTORS_NAME_SERVER", "127.0.0.1:9876");
  try {
    await using endpoints = await findBroker();
    assert.equal(endpoints.source, "environment");
    assert.equal(endpoints.nameServer, "127.0.0.1:9876");
  } finally {
    if (before === undefined) Deno.env.delete("ROCKET_ACTORS_NAME_SERVER");
    else Deno.env.set("ROCKET_ACTORS_NAME_SERVER", before);
  }
});

Deno.test("findPort() never hands out a port twice", () => {
  const ports = Array.from({ length: 50 }, () => findPort(BROKER_PORTS)).flatMap((port) =>
    BROKER_PORTS.map((offset) => port + offset)
  );
  assert.equal(new Set(ports).size, ports.length);
  assert(ports.every((port) => port >= 1024 && port < 32_768));
});
