/**
 * Codecs: JSON unless the contract says otherwise; values that JSON has no word for travel in a documented form.
 *
 *     deno run -A examples/19_codecs.ts [--name-server host:port]
 */
// deno-lint-ignore-file no-console -- an example shows what it does
import { createSystem, defineService, method } from "rocket-actors";
import { msgpack } from "rocket-actors/codec/msgpack";
import { exampleTransport } from "./transport.ts";

interface Statement {
  readonly at: Date;
  readonly total: bigint;
  readonly lines: ReadonlyMap<string, number>;
}
const echo = method<Statement, Statement>({ safe: true });
const AsJson = defineService("demo.AsJson", { echo });
const AsMsgpack = defineService("demo.AsMsgpack", { echo }, { codec: msgpack });

const { transport } = await exampleTransport(Deno.args);
await using system = await createSystem({ name: "demo", transport });
await system.serve(AsJson, { echo: (statement) => statement });
await system.serve(AsMsgpack, { echo: (statement) => statement });

const statement = { at: new Date(0), total: 12345678901234567890n, lines: new Map([["fee", 3]]) };
console.log(await system.client(AsJson).echo(statement));
console.log(await system.client(AsMsgpack).echo(statement));

// Prints:
// {
//   at: 1970-01-01T00:00:00.000Z,
//   total: 12345678901234567890n,
//   lines: Map(1) { "fee" => 3 }
// }
// {
//   at: 1970-01-01T00:00:00.000Z,
//   total: 12345678901234567890n,
//   lines: Map(1) { "fee" => 3 }
// }
