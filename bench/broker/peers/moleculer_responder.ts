/** Serves an action: `moleculer_responder.ts <NATS server> <service>`. */
import { ServiceBroker } from "moleculer";
import { untilInputEnds } from "../requesting.ts";

const [url = "", name = ""] = Deno.args;
const transporter = { type: "NATS", options: { servers: url } } as const;
const broker = new ServiceBroker({ nodeID: "responder", transporter, logger: false });
broker.createService({ name, actions: { echo: ({ params }) => params } });
await broker.start();
await untilInputEnds();
await broker.stop();
