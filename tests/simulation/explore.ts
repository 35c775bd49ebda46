import { type Fault, textOfFault } from "../../testing/faults.ts";
import { shrink } from "../../testing/shrink.ts";
import { simulate, SimulationError } from "../../testing/simulate.ts";
import { faultsOf, playBank } from "./bank.ts";

/** Plays one seed with some faults. Returns the digest of what happened; rejects with a {@linkcode SimulationError}. */
export async function playSeed(seed: number, faults: readonly Fault[] = faultsOf(seed)): Promise<string> {
  // Half of the brokers know at once what is settled: then whatever is settled too early is gone.
  const settleMs = seed % 2 === 0 ? 0 : 50;
  const { digest } = await simulate({ seed, faults, settleMs }, async (world) => {
    const findings = await playBank(world, seed, faults);
    if (findings.length > 0) throw new Error(findings.join("; "));
  });
  return digest;
}

/** Plays one seed. Returns `undefined` when all is well; else how it fails with as few faults as it takes. */
export async function explore(seed: number, shorten = true): Promise<string | undefined> {
  const failure = await failureOf(seed, faultsOf(seed));
  if (failure === undefined) return undefined;
  if (!shorten) return failure.message;
  const again = await failureOf(seed, failure.faults);
  if (again?.digest !== failure.digest) return `Seed ${seed} does not replay: ${failure.message}`;
  const minimal = await shrink(failure.faults, async (faults) => await failureOf(seed, faults) !== undefined);
  const shown = await failureOf(seed, minimal);
  return `${shown?.message}\nIts ${failure.faults.length} faults were made ${minimal.length}:\n${
    minimal.map(textOfFault).join("\n")
  }`;
}

async function failureOf(seed: number, faults: readonly Fault[]): Promise<SimulationError | undefined> {
  try {
    await playSeed(seed, faults);
    return undefined;
  } catch (error) {
    if (error instanceof SimulationError) return error;
    throw error;
  }
}
