/**
 * The name server of the broker that this test run shares. `deno task test` finds or starts one and passes it on;
 * tests that kill brokers start their own with `startCluster()` instead.
 *
 * @throws {Error} outside of `deno task test`, saying how to run the file
 */
export function sharedNameServer(): string {
  const nameServer = Deno.env.get("ROCKET_ACTORS_NAME_SERVER");
  if (nameServer) return nameServer;
  throw new Error(
    "Cannot find a broker: run `deno task test`, or `deno task broker` and set ROCKET_ACTORS_NAME_SERVER=host:port",
  );
}

/**
 * The gRPC proxy of the broker that this test run shares.
 *
 * @throws {Error} outside of `deno task test`, saying how to run the file
 */
export function sharedProxy(): string {
  const proxy = Deno.env.get("ROCKET_ACTORS_PROXY");
  if (proxy) return proxy;
  throw new Error(
    "Cannot find a proxy: run `deno task test`, or `deno task broker` and set ROCKET_ACTORS_NAME_SERVER and " +
      "ROCKET_ACTORS_PROXY",
  );
}

/** A contract name that no other test and no earlier run uses, so that topics are always fresh. */
export function freshName(prefix: string): string {
  return `test.${prefix}_${Date.now().toString(36)}${Math.floor(Math.random() * 46_656).toString(36)}`;
}
