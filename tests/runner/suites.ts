/** How the name of a test file ends that needs a broker. */
const BROKER_SUFFIX = "_broker_test.ts";
const TEST_SUFFIX = "_test.ts";

/** Test files that need no broker, relative to `root`, sorted. */
export async function unitSuites(root: URL): Promise<string[]> {
  return (await testFiles(root)).filter((path) => !path.endsWith(BROKER_SUFFIX));
}

/** Test files that need a broker, relative to `root`, sorted. */
export async function brokerSuites(root: URL): Promise<string[]> {
  return (await testFiles(root)).filter((path) => path.endsWith(BROKER_SUFFIX));
}

/** Broker tests of which several may run at once: none of theirs is about how long anything takes. */
const SIDE_BY_SIDE = [
  ...["tests/broker/", "tests/conformance/", "tests/interop/", "tests/runtimes/"],
  ...["tests/src/rocketmq/", "tests/src/transport/grpc/transport_grpc_broker_test.ts"],
  ...["consumer", "namespace", "secured"].map((name) =>
    `tests/src/transport/remoting/${name}_broker_test.ts`
  ),
];

/** Whether the tests of a file may run beside those of another one. */
export function runsBeside(path: string): boolean {
  return SIDE_BY_SIDE.some((place) => path.startsWith(place));
}

async function testFiles(root: URL): Promise<string[]> {
  const found: string[] = [];
  await collect(root, "tests/", found);
  return found.sort();
}

async function collect(root: URL, folder: string, found: string[]): Promise<void> {
  for await (const entry of Deno.readDir(new URL(folder, root))) {
    if (entry.isDirectory) await collect(root, `${folder}${entry.name}/`, found);
    else if (entry.name.endsWith(TEST_SUFFIX)) found.push(folder + entry.name);
  }
}
