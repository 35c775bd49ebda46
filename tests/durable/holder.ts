/**
 * A process that has a broker file open, with three messages in it, until it is killed:
 *
 *     deno run -A tests/durable/holder.ts <broker file>
 */
// deno-lint-ignore-file no-console -- stdout is how the test talks to it
import { MemoryBroker } from "../../src/transport/embedded/broker.ts";
import { GROUP, messageOf, queueOf, TOPIC } from "../helpers/embedded_stage.ts";

const [file = ""] = Deno.args;
const broker = new MemoryBroker({ file });
await broker.ensure([{ topic: TOPIC, queues: 1, group: GROUP }]);
for (const text of ["a", "b", "c"]) await broker.append(messageOf(text), queueOf(0));
console.log("open");
setInterval(() => {}, 1_000);
