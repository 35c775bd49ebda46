const RESULTS = new URL("./results/", import.meta.url);

/** When a run begins, to the minute, in UTC. */
export function dateOfRun(): string {
  return new Date().toISOString().slice(0, 16).replace("T", " ");
}

/** Leaves a run's figures and settings as JSON in `bench/results/`, under its date. */
export async function saveRun(prefix: string, run: { readonly date: string }): Promise<void> {
  await Deno.mkdir(RESULTS, { recursive: true });
  const file = new URL(`${prefix}${run.date.replace(/[^0-9]/g, "-")}.json`, RESULTS);
  await Deno.writeTextFile(file, JSON.stringify(run, null, 2) + "\n");
}
