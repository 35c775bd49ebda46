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

/** An empty folder with one program, and a cache of its own beside it. */
class Consumer implements AsyncDisposable {
  readonly #root: string;

  private constructor(root: string) {
    this.#root = root;
  }

  static async create(program: string): Promise<Consumer> {
    const root = await Deno.makeTempDir({ prefix: "rocket-actors-consumer-" });
    await Deno.mkdir(`${root}/work`);
    await Deno.writeTextFile(`${root}/work/main.ts`, program);
    return new Consumer(root);
  }

  /** Runs `deno <args> main.ts`; fails with what it said unless it succeeds. Returns its standard output. */
  async deno(...args: readonly string[]): Promise<string> {
    // The rest of the environment stays: it says where the npm registry is, by variables or by ~/.npmrc.
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [...args, "main.ts"],
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
  await using consumer = await Consumer.create(CALLS(tree.host));

  const output = await consumer.deno("run", "--no-prompt", "--check=all", `--allow-import=${tree.host}`);

  assert.equal(output, "fee 3\n");
  assert.deepEqual(tree.refused, []);
  assert(tree.served.includes("/mod.ts"));
  assert(tree.served.includes("/src/transport/embedded/mod.ts"));
  const heavy = tree.served.filter((path) =>
    /^\/src\/(rocketmq\/|transport\/remoting\/|deps\/(msgpack|protobufjs)\.ts$)/.test(path)
  );
  assert.deepEqual(heavy, []);
});

Deno.test("src/transport/remoting/mod.ts imported by URL type-checks", async () => {
  await using tree = new PublishedTree();
  await using consumer = await Consumer.create(CONNECTS(tree.host));

  await consumer.deno("check", "--all", `--allow-import=${tree.host}`);

  assert.deepEqual(tree.refused, []);
  assert(tree.served.includes("/src/transport/remoting/mod.ts"));
});

Deno.test("src/codec/msgpack.ts and protobuf.ts imported by URL work without permissions", async () => {
  await using tree = new PublishedTree();
  await using consumer = await Consumer.create(CODECS(tree.host));

  const output = await consumer.deno("run", "--no-prompt", "--check=all", `--allow-import=${tree.host}`);

  assert.equal(output, "Set(1) { 1n } { cents: 3n }\n");
  assert.deepEqual(tree.refused, []);
});

Deno.test("src/protobuf/cli.ts run from its URL writes a contract that imports the library from there", async () => {
  await using tree = new PublishedTree();
  // The program of this folder is a .proto file.
  await using writer = await Consumer.create(PROTO);
  const program = `http://${tree.host}/src/protobuf/cli.ts`;
  const written = await writer.deno("run", "--no-prompt", "-R", `--allow-import=${tree.host}`, program);
  await using consumer = await Consumer.create(written + SERVES(tree.host));

  const output = await consumer.deno("run", "--no-prompt", "--check=all", `--allow-import=${tree.host}`);

  assert.equal(output, "{ cents: 5n }\n");
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
