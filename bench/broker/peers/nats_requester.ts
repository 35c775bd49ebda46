/** Requests by NATS: `nats_requester.ts <server> <subject>`. */
import { connect } from "@nats-io/transport-node";
import { Buffer } from "node:buffer";
import { encodeBody } from "../contract.ts";
import { serveCommands } from "../requesting.ts";

const [servers = "", subject = ""] = Deno.args;
const connection = await connect({ servers });
await serveCommands(async (body) => {
  const sent = encodeBody(body);
  const { data } = await connection.request(subject, sent, { timeout: 10_000 });
  if (Buffer.compare(data, sent) !== 0) throw new Error("not the body that was sent");
});
await connection.close();
