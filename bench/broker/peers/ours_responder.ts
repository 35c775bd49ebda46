/** Serves the echo contract: `ours_responder.ts <remoting|grpc>:<address> <contract> <ours|unpacked|marked>`. */
import { createSystem } from "rocket-actors";
import { echoContract, echoKind } from "../contract.ts";
import { untilInputEnds } from "../requesting.ts";
import { ourTransport } from "./our_transport.ts";

const [where, name = "", kind] = Deno.args;
await using system = await createSystem({ name: "bench-responder", transport: await ourTransport(where) });
await system.serve(echoContract(name, echoKind(kind)), { echo: (body) => body });
await untilInputEnds();
