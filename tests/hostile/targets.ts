import {
  type Codec,
  type Contract,
  defineEntity,
  defineService,
  type HandlerContext,
  json,
  method,
  RpcError,
  type System,
  type,
} from "rocket-actors";
import { msgpack } from "rocket-actors/codec/msgpack";
import { protobuf } from "rocket-actors/codec/protobuf";
import { capitals, slowCapitals } from "../helpers/schemas.ts";

const SCHEMA = `
  syntax = "proto3";
  message Leaf { string name = 1; int64 count = 2; bytes proof = 3; repeated double parts = 4; }
  message Tree { string name = 1; Leaf leaf = 2; repeated Tree children = 3; map<string, Leaf> named = 4; bool done = 5; }
`;
const methods = {
  echo: method<unknown, unknown>({ safe: true }),
  once: method<unknown, unknown>(),
  told: method.oneway<unknown>(),
  lists: method.stream<unknown, unknown>(),
  fails: method<unknown, unknown, { Refused: unknown }>({ errors: { Refused: type<unknown>() } }),
};
const more = {
  ...methods,
  keyed: method<{ key: string }, unknown>({ key: ({ key }) => key }),
  checked: method({ input: capitals, output: capitals }),
  later: method({ input: slowCapitals, output: slowCapitals, idempotent: true }),
  crashes: method<unknown, unknown>(),
};
const places = { input: "Tree", output: "Tree" } as const;
const typed = protobuf(SCHEMA, {
  echo: places,
  once: places,
  told: { input: "Tree" },
  lists: places,
  fails: { ...places, errors: { Refused: "Leaf" } },
});

const Json = defineService("hostile.Json", more);
const Msgpack = defineService("hostile.Msgpack", more, { codec: msgpack });
const Protobuf = defineService("hostile.Protobuf", methods, { codec: typed });
const Account = defineEntity("hostile.Account", methods);

const leaf = { name: "leaf", count: 7n, proof: Uint8Array.of(1, 2, 255), parts: [0.5, -1] };
const tree = {
  name: "root",
  leaf,
  children: [{ name: "child", leaf, children: [], named: new Map(), done: true }],
  named: new Map([["a", leaf]]),
  done: false,
};
const values = [
  null,
  "text",
  12.5,
  { key: "acc-1", cents: 500, list: [1, 2, { deep: [true, null] }] },
  {
    key: "acc-2",
    at: new Date(1_700_000_000_000),
    big: 2n ** 70n,
    proof: new Uint8Array(16),
    map: new Map([["a", 1]]),
  },
  { key: "acc-3", set: new Set(["x"]), none: undefined, odd: [NaN, -0, Infinity], text: "ünï🙂".repeat(8) },
] as const;

/** A contract that is attacked, and inputs that its codec carries. */
export interface Target {
  readonly contract: Contract;
  readonly inputs: readonly [unknown, ...unknown[]];
}

/** Everything that is served: each codec, and both kinds of contract. */
export const TARGETS: readonly [Target, ...Target[]] = [
  { contract: Json, inputs: values },
  { contract: Msgpack, inputs: values },
  { contract: Protobuf, inputs: [tree, { ...tree, children: [tree, tree] }] },
  { contract: Account, inputs: values },
];

/** Every codec, with the place of its bodies and some of them. */
export const BODIES: readonly [Codec, string, readonly [unknown, ...unknown[]]][] = [
  [json, "hostile.Json", values],
  [msgpack, "hostile.Msgpack", values],
  [typed, "hostile.Protobuf", [tree, { ...tree, children: [tree, tree] }]],
];

/** Serves all of them. */
export async function serveTargets(system: System): Promise<void> {
  const plain = {
    echo: (input: unknown) => input,
    once: (input: unknown) => input,
    told: () => {},
    lists: (input: unknown) => [input, input, input],
    fails: (input: unknown, ctx: HandlerContext<{ Refused: unknown }>) => {
      throw input === null ? new RpcError("not_found", "Nothing") : ctx.error("Refused", leaf);
    },
  };
  const all = {
    ...plain,
    keyed: (input: unknown) => input,
    checked: (input: string) => input,
    later: async (input: string) => await Promise.resolve(input),
    crashes: () => {
      throw new TypeError("As it always does");
    },
  };
  await system.serve(Json, all);
  await system.serve(Msgpack, all);
  await system.serve(Protobuf, plain);
  // Few and short-lived, so that keys that nobody has asked for come and go.
  await system.serve(Account, () => plain, { maxCells: 200, passivateAfterMs: 50 });
}

/** A good call of each contract. Rejects when one is not answered as it must be. */
export async function goodCalls(caller: Pick<System, "client">): Promise<unknown[]> {
  return await Promise.all([
    caller.client(Json).echo("good"),
    caller.client(Msgpack).echo("good"),
    caller.client(Protobuf).echo(tree).then((answer) => Object(answer).name),
    caller.client(Account).at("good").echo("good"),
  ]);
}

/** What {@linkcode goodCalls} resolves to. */
export const GOOD = ["good", "good", "root", "good"] as const;
