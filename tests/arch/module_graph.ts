/** That one file of the repository imports another. Paths are relative to its root. */
export interface Import {
  readonly from: string;
  readonly to: string;
}

/** All imports among the repository's own files that the entry points reach, types included. */
export async function moduleGraph(root: URL, entryPoints: readonly string[]): Promise<Import[]> {
  const found = new Map<string, Import>();
  for (const entry of entryPoints) {
    for (const one of await importsOf(root, entry)) found.set(`${one.from} ${one.to}`, one);
  }
  return [...found.values()];
}

async function importsOf(root: URL, entry: string): Promise<Import[]> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", entry],
    cwd: root,
    stderr: "inherit",
  });
  const { success, stdout } = await command.output();
  if (!success) throw new Error(`deno info ${entry} failed`);
  const graph: unknown = JSON.parse(new TextDecoder().decode(stdout));
  return list(graph, "modules").flatMap((module) => {
    const from = path(root, text(module, "specifier"));
    if (from === undefined) return [];
    return list(module, "dependencies").flatMap((dependency) => {
      return ["code", "type"].flatMap((kind): Import[] => {
        const to = path(root, text(member(dependency, kind), "specifier"));
        return to === undefined ? [] : [{ from, to }];
      });
    });
  });
}

function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}

function list(value: unknown, name: string): unknown[] {
  const found = member(value, name);
  return Array.isArray(found) ? found : [];
}

function text(value: unknown, name: string): string {
  const found = member(value, name);
  return typeof found === "string" ? found : "";
}

function path(root: URL, specifier: string): string | undefined {
  return specifier.startsWith(root.href) ? specifier.slice(root.href.length) : undefined;
}
