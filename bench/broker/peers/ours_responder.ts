/** Serves the echo contract: `ours_responder.ts <name server> <contract> <ours|unpacked|marked>`. */
import { createSystem } from "rocket-actors";
import { remoting } from "rocket-actors/transport/remoting";
import { echoContract, echoKind } from "../contract.ts";
import { untilInputEnds } from "../requesting.ts";

const [nameServers = "", name = "", kind] = Deno.args;
await using system = await createSystem({ name: "bench-responder", transport: remoting({ nameServers }) });
await system.serve(echoContract(name, echoKind(kind)), { echo: (body) => body });
await untilInputEnds();
