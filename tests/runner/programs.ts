/** Programs that some suites need beside a broker: how their paths begin, and what runs there. */
const NEEDS: readonly { readonly prefix: string; readonly programs: readonly string[] }[] = [
  { prefix: "tests/interop/go_", programs: ["go"] },
  { prefix: "tests/interop/java_", programs: ["java", "javac", "mvn"] },
  { prefix: "tests/interop/mqadmin_", programs: ["java", "javac", "mvn"] },
  { prefix: "tests/runtimes/", programs: ["npm"] },
];

/** What suites by gRPC are called, which need the broker's proxy. */
const BY_PROXY = /grpc[a-z_]*_broker_test\.ts$/;

/** Suites that can run here, and those that lack a program. */
export interface Runnable {
  readonly ready: readonly string[];
  /** Suite → the programs that are missing. */
  readonly lacking: ReadonlyMap<string, readonly string[]>;
}

/** What is there beside the broker. */
export interface Equipment {
  /** Whether the broker has a gRPC proxy. Default: true. */
  readonly proxy?: boolean;
  /** Whether a program is there; by default whether it is found in the PATH. */
  readonly has?: (program: string) => Promise<boolean>;
}

/** Finds out which suites can run. */
export async function runnable(
  suites: readonly string[],
  { proxy = true, has = inPath }: Equipment = {},
): Promise<Runnable> {
  const lacking = new Map<string, readonly string[]>();
  const known = new Map<string, Promise<boolean>>();
  for (const suite of suites) {
    const missing: string[] = [];
    if (!proxy && BY_PROXY.test(suite)) missing.push("a gRPC proxy");
    for (const program of NEEDS.find(({ prefix }) => suite.startsWith(prefix))?.programs ?? []) {
      const there = known.get(program) ?? has(program);
      known.set(program, there);
      if (!await there) missing.push(program);
    }
    if (missing.length > 0) lacking.set(suite, missing);
  }
  return { ready: suites.filter((suite) => !lacking.has(suite)), lacking };
}

async function inPath(program: string): Promise<boolean> {
  const folders = (Deno.env.get("PATH") ?? "").split(":").filter((folder) => folder !== "");
  const found = await Promise.all(
    folders.map((folder) => Deno.stat(`${folder}/${program}`).then(({ isFile }) => isFile, () => false)),
  );
  return found.includes(true);
}
