/**
 * Interceptors: functions around calls and around handlers, for what all of them need. `ctx.caller` is only what
 * the caller says of itself; who it really is has to be proved here.
 *
 *     deno run -A examples/13_interceptors.ts [--name-server host:port]
 */
// deno-lint-ignore-file no-console -- an example shows what it does
import {
  type CallInterceptor,
  createSystem,
  defineService,
  type HandlerInterceptor,
  method,
  RpcError,
} from "rocket-actors";
import { exampleTransport } from "./transport.ts";

const Vault = defineService("bank.Vault", { open: method<string, string>({ safe: true }) });

const signed: CallInterceptor = (call, next) =>
  next({ ...call, options: { ...call.options, headers: { ...call.options.headers, token: "secret" } } });

const authenticated: HandlerInterceptor = (call, next) => {
  if (call.context.headers.get("token") !== "secret") throw new RpcError("unauthenticated", "Who are you?");
  return next(call);
};

const { transport } = await exampleTransport(Deno.args);
await using system = await createSystem({ name: "bank", transport });
await system.serve(Vault, { open: (drawer) => `${drawer} is open` }, { interceptors: [authenticated] });

console.log(await system.client(Vault, { interceptors: [signed] }).open("drawer 1"));
try {
  await system.client(Vault).open("drawer 2");
} catch (error) {
  console.log(RpcError.from(error).code);
}

// Prints:
// drawer 1 is open
// unauthenticated
