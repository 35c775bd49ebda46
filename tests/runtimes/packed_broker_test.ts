/**
 * What `deno task pack` makes, installed by npm, compiled by TypeScript, and run by Node and Bun: whichever Node the
 * machine has, both come from npm, in the versions that `docs/runtimes.md` names.
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { sharedNameServer } from "../broker/shared.ts";
import { examples } from "../examples/example.ts";
import { ScriptedPeer } from "../fault/scripted_peer.ts";
import { Authority } from "../helpers/certificates.ts";
import { Consumer } from "./consumer.ts";

const RUNTIMES = ["node", "bun"] as const;
let consumer: Consumer;
const made = new AsyncDisposableStack();

Deno.test.beforeAll(async () => {
  consumer = made.use(await Consumer.create());
});
Deno.test.afterAll(() => made.disposeAsync());

Deno.test("deno task pack makes a package whose entry points and dependencies are there", async () => {
  const text = await Deno.readTextFile(`${consumer.library}/package.json`);
  const { exports, dependencies }: {
    exports: Record<string, Record<string, string>>;
    dependencies: Record<string, string>;
  } = JSON.parse(text);
  const config: { exports: Record<string, string> } = JSON.parse(
    await Deno.readTextFile(new URL("../../deno.json", import.meta.url)),
  );
  assert.deepEqual(Object.keys(exports), Object.keys(config.exports));
  for (const path of Object.values(exports).flatMap((conditions) => Object.values(conditions))) {
    assert.ok((await Deno.stat(`${consumer.library}/${path}`)).isFile, path);
  }
  const packages = await importedPackages(consumer.library);
  assert.deepEqual(Object.keys(dependencies).sort(), [...packages].sort());
});

Deno.test("no source uses what Node 22 lacks, but where there is something in its place", async () => {
  const files = (await consumer.missing()).map((line) =>
    /(?:src|actors|testing)\/[^(]*/.exec(line)?.[0] ?? line
  );
  assert.deepEqual([...new Set(files)].sort(), ["src/bytes/base64.ts", "src/rocketmq/remote/deno_socket.ts"]);
});

for (const runtime of RUNTIMES) {
  const first = examples().find(({ file }) => file === "01_call.ts");

  Deno.test(`${runtime} runs the first example from the package`, async () => {
    const text = await consumer.run(runtime, "01_call.js");
    assert.equal(plain(text), plain(first?.prints ?? ""));
  });

  Deno.test(`${runtime} runs the first example from the package on RocketMQ`, async () => {
    const nameServer = sharedNameServer();
    const text = await consumer.run(runtime, "01_call.js", "--name-server", nameServer);
    const expected = first?.prints.replace("the embedded broker", `RocketMQ at ${nameServer}`);
    assert.equal(plain(text), plain(expected ?? ""));
  });

  Deno.test(`${runtime} uses every entry point of the package`, async () => {
    await using authority = await Authority.create();
    const { certificate, key } = await authority.issue({ commonName: "peer", names: "IP:127.0.0.1" });
    const pair = { cert: certificate, key };
    await using peer = new ScriptedPeer(
      (session) => session.serve(({ code, body }) => ({ code, body })),
      0,
      pair,
    );
    const text = await consumer.run(runtime, "entries.js", peer.address, authority.file);
    assert.equal(text, "every entry point works");
  });
}

Deno.test("node runs the program that writes types of .proto contracts from the package", async () => {
  const program = "../node_modules/rocket-actors/src/protobuf/cli.js";
  const roots = ["--root", fileURLToPath(new URL("../../examples", import.meta.url))];
  const text = await consumer.run("node", program, ...roots, "protobuf/payments.proto");
  const written = new URL("../../examples/protobuf/payments.ts", import.meta.url);
  assert.equal(text, (await Deno.readTextFile(written)).trimEnd());
});

/** Runtimes print objects with other quotes and in other lines. */
function plain(text: string): string {
  return text.replaceAll("'", '"').replace(/,?\s+/g, " ");
}

/** What the compiled sources import that is neither theirs nor the runtime's. */
async function importedPackages(folder: string): Promise<Set<string>> {
  const found = new Set<string>();
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = `${folder}/${name}`;
    if (isDirectory && name !== "node_modules") {
      for (const one of await importedPackages(path)) found.add(one);
    } else if (/\.(js|d\.ts)$/.test(name)) {
      const code = (await Deno.readTextFile(path)).replace(/\/\*[^]*?\*\//g, "");
      assert.doesNotMatch(code, /from "(npm|jsr|https?):/, path);
      for (const [, specifier = ""] of code.matchAll(/^(?:import|export)\b[^;]*?from "([^".][^"]*)"/gm)) {
        if (!specifier.startsWith("node:")) found.add(packageOf(specifier));
      }
    }
  }
  return found;
}

function packageOf(specifier: string): string {
  const [first = "", second = ""] = specifier.split("/");
  return first.startsWith("@") ? `${first}/${second}` : first;
}
