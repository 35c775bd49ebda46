import { parseArgs } from "node:util";
import { embedded, type Transport } from "rocket-actors";

/** Which transport an example runs on, and how it is called. */
export interface ExampleTransport {
  readonly transport: Transport;
  readonly name: string;
}

/** Reads the one flag that all examples share: `--name-server host:port` runs them on RocketMQ. */
export async function exampleTransport(args: readonly string[]): Promise<ExampleTransport> {
  const { values } = parseArgs({ args: [...args], options: { "name-server": { type: "string" } } });
  const nameServers = values["name-server"];
  if (nameServers === undefined) return { transport: embedded(), name: "the embedded broker" };
  const { remoting } = await import("rocket-actors/transport/remoting");
  return { transport: remoting({ nameServers }), name: `RocketMQ at ${nameServers}` };
}
