/** Calls an action: `moleculer_requester.ts <NATS server> <service>`. */
import { ServiceBroker } from "moleculer";
import type { Body } from "../contract.ts";
import { checkEcho, serveCommands } from "../requesting.ts";

const [url = "", name = ""] = Deno.args;
const transporter = { type: "NATS", options: { servers: url } } as const;
const broker = new ServiceBroker({ nodeID: "requester", transporter, logger: false, requestTimeout: 10_000 });
await broker.start();
await broker.waitForServices(name);
await serveCommands(async (body) => checkEcho(body, await broker.call<Body, Body>(`${name}.echo`, body)));
await broker.stop();
