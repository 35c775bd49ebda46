/** Test files that are loaded into one isolate, one after the other. */
export interface Group {
  /** What its entry file is called after. */
  readonly name: string;
  /** Relative to the root. */
  readonly files: readonly string[];
}

/**
 * Files that have an isolate of their own, the longest first: they wait for processes and deadlines, so that others
 * would wait for them, or they weigh the heap, where others would leave their garbage.
 */
const ALONE: readonly string[] = [
  "tests/simulation/simulation_test.ts",
  "tests/import_by_url/import_by_url_test.ts",
  "tests/hostile/hostile_test.ts",
  "tests/bench/typecheck/generate_test.ts",
  "tests/examples/examples_test.ts",
  "tests/crash/rolling_instances_test.ts",
  "tests/src/transport/grpc/shutdown_test.ts",
  "tests/src/transport/grpc/cut_test.ts",
  "tests/src/transport/grpc/transport_test.ts",
  "tests/conformance/call_embedded_test.ts",
  "tests/conformance/transport_embedded_test.ts",
  "tests/src/transport/embedded/open_broker_file_test.ts",
  "tests/soak/growth_test.ts",
  "tests/src/transport/embedded/broker_test.ts",
  "tests/actors/cells/entity_cells_memory_test.ts",
  "tests/bench/embedded/stops_test.ts",
];

/** How many files of a folder share an isolate at most: one that cannot be loaded keeps all of them from running. */
const FILES = 25;

/**
 * Sorts test files into groups, the longest first. An isolate that is started for a single file spends most of its time
 * on loading and compiling the library again; the files of a folder need the same parts of it.
 */
export function groupsOf(suites: readonly string[]): Group[] {
  const groups: Group[] = ALONE.filter((path) => suites.includes(path)).map((path) => ({
    name: nameOf(path),
    files: [path],
  }));
  const folders = Map.groupBy(
    suites.filter((path) => !ALONE.includes(path)),
    (path) => path.slice(0, path.lastIndexOf("/")),
  );
  for (const [folder, files] of folders) {
    for (let start = 0; start < files.length; start += FILES) {
      const part = files.length > FILES ? `-${start / FILES + 1}` : "";
      groups.push({ name: nameOf(folder) + part, files: files.slice(start, start + FILES) });
    }
  }
  return groups;
}

/**
 * Writes an entry file for each group into a folder directly under `.test/`, which is made anew. Returns their paths,
 * relative to `root`.
 */
export async function writeGroups(root: URL, folder: string, groups: readonly Group[]): Promise<string[]> {
  const place = `.test/${folder}/`;
  await Deno.remove(new URL(place, root), { recursive: true }).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
  await Deno.mkdir(new URL(place, root), { recursive: true });
  return await Promise.all(groups.map(async ({ name, files }) => {
    const path = `${place}${name}.ts`;
    const lines = files.map((file) => `import ${JSON.stringify(`../../${file}`)};\n`);
    await Deno.writeTextFile(new URL(path, root), lines.join(""));
    return path;
  }));
}

function nameOf(path: string): string {
  return path.replace(/^tests\//, "").replace(/\.ts$/, "").replaceAll("/", "-");
}
