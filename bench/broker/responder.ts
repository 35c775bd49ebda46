/**
 * Serves the echo contract until its standard input ends: `responder.ts <name server> <contract> <packed|unpacked>`.
 * Prints the lines of `line.ts`.
 */
// deno-lint-ignore-file no-console -- a program: it talks in lines
import { createSystem } from "rocket-actors";
import { remoting } from "rocket-actors/transport/remoting";
import { echoContract } from "./contract.ts";

const [nameServers = "", name = "", packing] = Deno.args;
await using system = await createSystem({ name: "bench-responder", transport: remoting({ nameServers }) });
await system.serve(echoContract(name, packing === "packed"), { echo: (body) => body });
console.log(JSON.stringify({ event: "ready" }));
for await (const _ of Deno.stdin.readable);
