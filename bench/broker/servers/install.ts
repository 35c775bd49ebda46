import { BrokerUnavailable } from "../../../tests/broker/launcher.ts";
import { built, compileWith } from "../../../tests/interop/built.ts";

/** A server of another project, got from a package registry by the registry's own tool. */
export interface Installation {
  readonly name: string;
  readonly version: string;
  /** The command, by the folder to install it in. */
  readonly command: (into: string) => readonly string[];
  /** What has to be on the machine for that. */
  readonly needs: string;
}

/**
 * The folder that it is installed in. The first run installs it there, and later ones find it.
 *
 * @throws {BrokerUnavailable} when the tool is missing or fails, with its own words
 */
export async function installed({ name, version, command, needs }: Installation): Promise<string> {
  // `env` lets a command begin with variables.
  const compile = (into: string) => compileWith("env", command(into), { needs });
  try {
    return await built({ name: `${name}-${version}`, dependsOn: "", compile });
  } catch (error) {
    if (error instanceof BrokerUnavailable || !(error instanceof Error)) throw error;
    const why = error.message.split("\n").slice(1, 3).join(" ");
    throw new BrokerUnavailable(`${name} ${version} cannot be installed, which takes ${needs}: ${why}`);
  }
}
