/** Calls the echo contract: `ours_requester.ts <name server> <contract> <ours|unpacked|marked>`. */
import { createClient } from "rocket-actors";
import { remoting } from "rocket-actors/transport/remoting";
import { echoContract, echoKind } from "../contract.ts";
import { checkEcho, serveCommands } from "../requesting.ts";

const [nameServers = "", name = "", kind] = Deno.args;
await using client = await createClient({ name: "bench-requester", transport: remoting({ nameServers }) });
const { echo } = client.client(echoContract(name, echoKind(kind)));
await serveCommands(async (body) => checkEcho(body, await echo(body)));
