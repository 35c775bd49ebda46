import assert from "node:assert/strict";
import { makeExampleTopics } from "../broker/example_topics.ts";
import { startCluster } from "../broker/launcher.ts";
import { type Example, examples, fits, run } from "../examples/example.ts";

/** Examples that the transport cannot promise, and how they say why. */
const REFUSED: Readonly<Record<string, RegExp>> = {
  "07_entity.ts": /no instance owns a key of the entity/,
  "09_dead_letter.ts": /Dead letters are not looked at here by gRPC/,
  "11_nested_calls.ts": /no instance owns a key of the entity/,
  "22_durable.ts": /It has a broker of its own, in a file/,
  "17_invoke.ts": /no instance owns a key of the entity/,
  "bank.ts": /no instance owns a key of the entity/,
};
/** Lines that say what the last of many tries met, and by gRPC one may still be on its way at the deadline. */
const LATE = "read: unavailable, rejected";
/** Programs at once: each waits most of its time. */
const AT_ONCE = 4;

Deno.test("examples print the same by gRPC, or say why they cannot", async () => {
  await using cluster = await startCluster({ proxy: true, timeoutMs: 180_000 });
  const { nameServer, proxy: endpoint = "" } = cluster;
  await makeExampleTopics(nameServer);
  // Broker and proxy are cold: their first calls take longer than an example waits.
  await run("01_call.ts", "--endpoint", endpoint).catch(() => {});
  const rest = examples().values();
  const wrong: string[] = [];
  // Two that serve one contract would take each other's calls.
  const serving = new Map<string, Promise<unknown>>();
  const work = async () => {
    for (const example of rest) {
      const names = contractsOf(example);
      const before = names.map((name) => serving.get(name));
      const said = Promise.all(before).then(() => complaint(example, endpoint));
      for (const name of names) serving.set(name, said);
      const text = await said;
      if (text !== undefined) wrong.push(`${example.file}: ${text}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  assert.deepEqual(wrong, []);
});

/** The contracts that an example defines. */
function contractsOf({ file }: Example): string[] {
  const source = Deno.readTextFileSync(new URL(`../../examples/${file}`, import.meta.url));
  const defined = [...source.matchAll(/define(?:Service|Entity)\("([^"]+)"/g)].map(([, name = ""]) => name);
  // That of a .proto file has the name that its package gives it.
  return source.includes('"./protobuf/payments.ts"') ? [...defined, "bank.Payments"] : defined;
}

async function complaint({ file, prints }: Example, endpoint: string): Promise<string | undefined> {
  const refused = REFUSED[file];
  let text: string;
  try {
    text = await run(file, "--endpoint", endpoint);
  } catch (error) {
    return refused?.test(String(error)) ? undefined : String(error);
  }
  if (refused !== undefined) return `it ran, though it cannot:\n${text}`;
  const expected = prints.replace("the embedded broker", `the RocketMQ proxy at ${endpoint}`).replace(
    LATE,
    "…",
  );
  return fits(text, expected) ? undefined : `it printed\n${text}\ninstead of\n${expected}`;
}
