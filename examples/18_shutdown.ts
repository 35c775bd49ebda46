/**
 * Shutdown: a system that is disposed stops pulling, lets its handlers finish, answers, and gives its queues back.
 * On SIGTERM a service does the same.
 *
 *     deno run -A examples/18_shutdown.ts [--name-server host:port]
 */
// deno-lint-ignore-file no-console -- an example shows what it does
import { createClient, createSystem, defineService, method } from "rocket-actors";
import { exampleTransports } from "./transport.ts";

const Slow = defineService("demo.Slow", { work: method<void, string>({ idempotent: true }) });

const { transport } = await exampleTransports(Deno.args);
await using caller = await createClient({ transport: transport() });
const started = Promise.withResolvers<void>();
const finish = Promise.withResolvers<void>();

const system = await createSystem({ name: "demo", transport: transport() });
await system.serve(Slow, {
  work: async () => {
    started.resolve();
    await finish.promise;
    return "finished";
  },
});
Deno.addSignalListener("SIGTERM", () => void system[Symbol.asyncDispose]());

const answer = caller.client(Slow).work();
await started.promise;
const stopped = system[Symbol.asyncDispose]();
finish.resolve();
console.log("the call under way:", await answer);
await stopped;
console.log("closed:", await system.closed);
Deno.exit(0); // the signal listener would keep the program alive

// Prints:
// the call under way: finished
// closed: disposed by its owner
