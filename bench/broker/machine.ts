import os from "node:os";

/** Where a run took place. */
export interface Machine {
  readonly cores: number;
  readonly model: string;
  readonly os: string;
  /** Processes that ran or waited for a processor, over the minute before the run. */
  readonly loadBefore: number;
  readonly deno: string;
  readonly java: string;
  readonly go: string;
}

/** Looks at the machine; call it before anything is started. */
export async function describeMachine(): Promise<Machine> {
  const cpus = os.cpus();
  return {
    cores: cpus.length,
    model: cpus[0]?.model ?? "unknown",
    os: `${Deno.build.os} ${Deno.osRelease()}`,
    loadBefore: os.loadavg()[0] ?? NaN,
    deno: Deno.version.deno,
    java: await versionOf("java", "-version", /version "([^"]+)"/),
    go: await versionOf("go", "version", /go(\d[^ ]*)/),
  };
}

/** What a program says of itself, on whichever of its outputs, or that there is none. */
async function versionOf(program: string, flag: string, pattern: RegExp): Promise<string> {
  try {
    const { stdout, stderr } = await new Deno.Command(program, { args: [flag], stdin: "null" }).output();
    const said = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)).join("\n");
    return pattern.exec(said)?.[1] ?? "unknown";
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "none";
    throw error;
  }
}
