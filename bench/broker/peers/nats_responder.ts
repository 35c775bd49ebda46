/** Responds by NATS: `nats_responder.ts <server> <subject>`. */
import { connect } from "@nats-io/transport-node";
import { untilInputEnds } from "../requesting.ts";

const [servers = "", subject = ""] = Deno.args;
const connection = await connect({ servers });
connection.subscribe(subject, {
  callback: (error, message) => {
    if (error !== null) throw error;
    message.respond(message.data);
  },
});
await connection.flush();
await untilInputEnds();
await connection.close();
