import { built, compileWith } from "./built.ts";
import { Program } from "./program.ts";

const SOURCES = new URL("./go/", import.meta.url);

/** The programs of the folder `go`. */
export type GoProgram = "requester" | "responder" | "bench-requester" | "bench-responder";

/**
 * Starts a Go peer of the folder `go`, which uses the official client. The first start compiles it: Go gets the modules
 * that `go.sum` pins. It ends when this process does.
 *
 * @throws {BrokerUnavailable} when Go is missing
 */
export async function startGo(program: GoProgram, args: readonly string[]): Promise<Program> {
  const compile = (into: string): Promise<void> =>
    compileWith("go", ["build", "-buildvcs=false", "-o", `${into}/peers`, "."], {
      needs: "Go (1.19 or newer)",
      cwd: SOURCES,
    });
  const folder = await built({ name: "go", sources: SOURCES, dependsOn: "", compile });
  return new Program({ name: `Go ${program}`, command: `${folder}/peers`, args: [program, ...args] });
}
