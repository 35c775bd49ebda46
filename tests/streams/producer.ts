/**
 * A process that produces streams, for a test to kill:
 *
 *     deno run -A tests/streams/producer.ts <name server> <contract> <name>
 */
// deno-lint-ignore-file no-console -- stdout is how the test talks to it
import { createSystem } from "rocket-actors";
import { remoting } from "rocket-actors/transport/remoting";
import { feedContract, produce } from "./contract.ts";

const [nameServers = "", contract = "", name = ""] = Deno.args;
const system = await createSystem({ name, transport: remoting({ nameServers }) });
await system.serve(feedContract(contract), { read: produce(name) });
console.log("ready");
