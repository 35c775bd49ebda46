/** What somebody sees who imports the library by URL, from an empty folder and with an empty cache. */
import assert from "node:assert/strict";
import { PublishedTree } from "./published.ts";

const CALLS = (host: string) => `
import { createSystem, defineService, embedded, method } from "http://${host}/mod.ts";

const Quotes = defineService("bank.Quotes", {
  fee: method<{ cents: number }, { fee: number }>({ safe: true }),
});
await using system = await createSystem({ name: "bank", transport: embedded() });
await system.serve(Quotes, { fee: ({ cents }) => ({ fee: Math.ceil(cents / 100) }) });
const { fee } = await system.client(Quotes).fee({ cents: 250 });
console.log("fee", fee);
`;

const CONNECTS = (host: string) => `
import { createClient, type CallerSystem } from "http://${host}/mod.ts";
import { remoting } from "http://${host}/src/transport/remoting/mod.ts";

export function connect(nameServers: string): Promise<CallerSystem> {
  return createClient({ transport: remoting({ nameServers }) });
}
`;

const BY_GRPC = (host: string) => `
import { grpc } from "http://${host}/src/transport/grpc/mod.ts";

console.log(grpc({ endpoints: "127.0.0.1:8081" }).capabilities.ownership);
`;

const CODECS = (host: string) => `
import { msgpack } from "http://${host}/src/codec/msgpack.ts";
import { protobuf } from "http://${host}/src/codec/protobuf.ts";

const types = protobuf('syntax = "proto3"; message Fee { int64 cents = 1; }', { fee: { output: "Fee" } });
const place = { contract: "bank.Quotes", method: "fee", part: "output" } as const;
console.log(msgpack.decode(msgpack.encode(new Set([1n]))), types.decode(types.encode({ cents: 3 }, place), place));
`;

const PROTO = `
syntax = "proto3";
package bank;
message Cents { int64 cents = 1; }
service Fees { rpc Fee (Cents) returns (Cents); }
`;

const SERVES = (host: string) => `
import { createSystem, embedded } from "http://${host}/mod.ts";

await using system = await createSystem({ name: "bank", transport: embedded() });
await system.serve(Fees, { fee: ({ cents }) => ({ cents: cents / 100n }) });
console.log(await system.client(Fees).fee({ cents: 500 }));
`;

/** An empty folder with some programs, and a cache of its own beside it. */
class Consumer implements AsyncDisposable {
  readonly #root: string;

  private constructor(root: string) {
    this.#root = root;
  }

  static async create(): Promise<Consumer> {
    const root = await Deno.makeTempDir({ prefix: "rocket-actors-consumer-" });
    await Deno.mkdir(`${root}/work`);
    return new Consumer(root);
  }

  /** Writes a program, or whatever else a file holds. */
  write(name: string, text: string): Promise<void> {
    return Deno.writeTextFile(`${this.#root}/work/${name}`, text);
  }

  /** Runs `deno <args>` in the folder; fails with what it said unless it succeeds. Returns its standard output. */
  async deno(...args: readonly string[]): Promise<string> {
    // The rest of the environment stays: it says where the npm registry is, by variables or by ~/.npmrc.
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [...args],
      cwd: `${this.#root}/work`,
      env: { DENO_DIR: `${this.#root}/cache`, DENO_NO_UPDATE_CHECK: "1", NO_COLOR: "1" },
      stdin: "null",
    }).output();
    const decoder = new TextDecoder();
    assert(success, decoder.decode(stderr));
    return decoder.decode(stdout);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Deno.remove(this.#root, { recursive: true });
  }
}

Deno.test("mod.ts imported by URL calls on embedded(), without permissions and without RocketMQ's sources", async () => {
  await using tree = new PublishedTree();
  await using consumer = await Consumer.create();
  const from = `--allow-import=${tree.host}`;
  await consumer.write("main.ts", CALLS(tree.host));

  assert.equal(await consumer.deno("run", "--no-prompt", from, "main.ts"), "fee 3\n");
  // As a check of the types does, this fetches what is imported for its types alone, too.
  await consumer.deno("info", from, "main.ts");

  assert.deepEqual(tree.refused, []);
  assert(tree.served.includes("/mod.ts"));
  assert(tree.served.includes("/src/transport/embedded/mod.ts"));
  const heavy = tree.served.filter((path) =>
    /^\/src\/(rocketmq\/|transport\/(remoting|grpc)\/|deps\/(msgpack|protobufjs|grpc|google_protobuf|rocketmq_proto)\.ts$)/
      .test(path)
  );
  assert.deepEqual(heavy, []);
});

// One cache and one check for all of them: most of the time goes into checking the library's types, which they share.
Deno.test("all entry points imported by URL type-check, and run with the permissions that their pages name", async (t) => {
  await using tree = new PublishedTree();
  await using consumer = await Consumer.create();
  const from = `--allow-import=${tree.host}`;

  await t.step(
    "src/protobuf/cli.ts writes a contract that imports the library from where it is itself",
    async () => {
      await consumer.write("fees.proto", PROTO);
      const program = `http://${tree.host}/src/protobuf/cli.ts`;
      const written = await consumer.deno("run", "--no-prompt", "-R", from, program, "fees.proto");
      await consumer.write("serves.ts", written + SERVES(tree.host));
      assert.equal(await consumer.deno("run", "--no-prompt", from, "serves.ts"), "{ cents: 5n }\n");
    },
  );

  await t.step("src/codec/msgpack.ts and protobuf.ts work without permissions", async () => {
    await consumer.write("codecs.ts", CODECS(tree.host));
    const output = await consumer.deno("run", "--no-prompt", from, "codecs.ts");
    assert.equal(output, "Set(1) { 1n } { cents: 3n }\n");
  });

  await t.step(
    "mod.ts, src/transport/remoting/mod.ts, the codecs and a written contract type-check",
    async () => {
      await consumer.write("calls.ts", CALLS(tree.host));
      await consumer.write("connects.ts", CONNECTS(tree.host));
      await consumer.deno("check", "--all", from, "calls.ts", "connects.ts", "codecs.ts", "serves.ts");
      assert(tree.served.includes("/src/transport/remoting/mod.ts"));
    },
  );

  await t.step(
    "src/transport/grpc/mod.ts needs the environment's variables that its page names",
    async () => {
      await consumer.write("by_grpc.ts", BY_GRPC(tree.host));
      const page = await Deno.readTextFile(new URL("../../docs/grpc.md", import.meta.url));
      const variables = /--allow-env=([A-Z_,\\\n]+)/.exec(page)?.[1]?.replaceAll(/[\\\n]/g, "") ?? "";
      // Not "all": types that gRPC brings along are at odds with those of Deno.
      const output = await consumer.deno(
        ...["run", "--no-prompt", "--check", from, `--allow-env=${variables}`, "by_grpc.ts"],
      );
      assert.equal(output, "perMessage\n");
    },
  );

  assert.deepEqual(tree.refused, []);
});

Deno.test("PublishedTree refuses what is not published, however it is spelt", async () => {
  await using tree = new PublishedTree();
  const paths = [
    "/deno.json",
    "/tests/broker/launcher.ts",
    "/src/../deno.json",
    "/src/..%2f..%2fdeno.json",
    "/src/%2e%2e/deno.json",
    "/src//mod.ts",
    "/src/missing.ts",
    "/.git/config",
  ];
  for (const path of paths) assert.equal(await statusOf(tree.host, path), 404, path);
  assert.equal(await statusOf(tree.host, "/mod.ts"), 200);
  assert.equal(tree.refused.length, paths.length);
});

/** Asks without a URL parser in between, which would resolve the dots. */
async function statusOf(host: string, path: string): Promise<number> {
  const [hostname = "", port] = host.split(":");
  using connection = await Deno.connect({ hostname, port: Number(port) });
  const request = `GET ${path} HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`;
  await connection.write(new TextEncoder().encode(request));
  let answer = "";
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(4_096);
  for (let count = await connection.read(buffer); count !== null; count = await connection.read(buffer)) {
    answer += decoder.decode(buffer.subarray(0, count), { stream: true });
  }
  return Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]);
}
