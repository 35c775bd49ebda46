const RESULTS = new URL("./results/", import.meta.url);

/** When a run begins, to the minute, in UTC. */
export function dateOfRun(): string {
  return new Date().toISOString().slice(0, 16).replace("T", " ");
}

/** Leaves a run's figures and settings as JSON in `bench/results/`, under its date. */
export async function saveRun(prefix: string, run: { readonly date: string }): Promise<void> {
  await saveFile(prefix, run.date, ".json", JSON.stringify(run, null, 2) + "\n");
}

/** Leaves a text of the run of that date beside its figures. */
export async function saveFile(prefix: string, date: string, ending: string, text: string): Promise<void> {
  await Deno.mkdir(RESULTS, { recursive: true });
  await Deno.writeTextFile(new URL(`${prefix}${date.replace(/[^0-9]/g, "-")}${ending}`, RESULTS), text);
}
