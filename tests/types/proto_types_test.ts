import assert from "node:assert/strict";
import type { Client, Handlers, Method, NoErrors, Oneway } from "rocket-actors";
import type { OneOf, ProtoInit, ProtoMethod, ProtoOneway } from "rocket-actors/protobuf";
import type { Everything, Kinds, shared_Money } from "../src/protobuf/fixtures/kinds.ts";
import { isTrue, type Same } from "./same.ts";

/** A message that holds itself, by way of a oneof. */
type Tree =
  & { readonly name: string; readonly children: readonly Tree[] }
  & OneOf<{
    readonly leaf: bigint;
    readonly node: Tree;
  }>;

isTrue<Same<ProtoInit<bigint>, bigint | number>>();
isTrue<Same<ProtoInit<void>, void>>();
isTrue<Same<ProtoInit<Uint8Array>, Uint8Array>>();
isTrue<Same<ProtoInit<ReadonlyMap<bigint, string>>, ReadonlyMap<bigint | number, string>>>();
isTrue<Same<ProtoMethod<void, void>, Method<void, void, NoErrors, void, void>>>();
isTrue<Same<ProtoOneway<shared_Money>, Oneway<ProtoInit<shared_Money>, shared_Money>>>();

/** Never run: what callers may write, and what they get. */
export async function calls(kinds: Client<typeof Kinds>): Promise<void> {
  await kinds.echo({});
  await kinds.echo({ anInt64: 5, int64s: [5, 5n], byInt64: new Map([[5, {}]]), money: { cents: 5 } });
  await kinds.echo({ chosenInner: { outer: { chosenString: "a" } } });
  const echoed = await kinds.echo({ colour: 9 });
  isTrue<Same<typeof echoed, Everything>>();
  isTrue<Same<typeof echoed.anInt64, bigint>>();
  isTrue<Same<typeof echoed.maybeInt64, bigint | undefined>>();
  if (echoed.chosenString !== undefined) isTrue<Same<typeof echoed.chosenInner, undefined>>();
  const nothing = await kinds.ping();
  isTrue<Same<typeof nothing, void>>();
  await kinds.ping(undefined, { timeoutMs: 5 });
  for await (const item of kinds.count({ cents: 5 })) isTrue<Same<typeof item, shared_Money>>();
  // @ts-expect-error two of a oneof
  await kinds.echo({ chosenString: "a", chosenSint64: 5n });
  // @ts-expect-error no such field
  await kinds.echo({ an_int64: 5n });
  // @ts-expect-error no such value
  await kinds.echo({ colour: "GREEN" });
  // @ts-expect-error an object is no map
  await kinds.echo({ byString: { a: 5n } });
  // @ts-expect-error no such rpc
  await kinds.Echo({});
}

/** Never run: what handlers get, and what they may return. */
export const handlers: Handlers<typeof Kinds> = {
  echo: (message) => {
    isTrue<Same<typeof message, Everything>>();
    return { ...message, int64s: [5] };
  },
  pay: (money, ctx) => {
    isTrue<Same<typeof money, shared_Money>>();
    // @ts-expect-error no such error
    if (money.cents < 0n) throw ctx.error("Nothing");
    // @ts-expect-error details of another type
    if (money.cents > 5n) throw ctx.error("Missing", { cents: "5" });
    throw ctx.error("Missing", { cents: 5n });
  },
  tell: () => {},
  ping: () => {},
  *count(money) {
    isTrue<Same<typeof money, shared_Money>>();
    yield { cents: 5 };
  },
};

const tree: ProtoInit<Tree> = { node: { children: [{ leaf: 5 }] } };

Deno.test("types of .proto contracts: what is written fits what is read", () => {
  assert.equal(tree.node?.children?.length, 1);
  assert.equal(Object.keys(handlers).length, 5);
  assert.equal(calls.length, 1);
});
