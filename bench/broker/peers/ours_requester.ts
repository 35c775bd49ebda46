/** Calls the echo contract: `ours_requester.ts <remoting|grpc>:<address> <contract> <ours|unpacked|marked>`. */
import { createClient } from "rocket-actors";
import { echoContract, echoKind } from "../contract.ts";
import { checkEcho, serveCommands } from "../requesting.ts";
import { ourTransport } from "./our_transport.ts";

const [where, name = "", kind] = Deno.args;
await using client = await createClient({ name: "bench-requester", transport: await ourTransport(where) });
const { echo } = client.client(echoContract(name, echoKind(kind)));
await serveCommands(async (body) => checkEcho(body, await echo(body)));
