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
