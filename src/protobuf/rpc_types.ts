import type { Method, NoErrors, Oneway, Stream } from "../contract/types.ts";

/**
 * A message as it is written: every field may be left out, which is zero or absent, and 64-bit integers may be numbers
 * that are safe integers. T: as it is read.
 */
export type ProtoInit<T> = T extends string | number | boolean | Uint8Array | undefined | void ? T
  : T extends bigint ? bigint | number
  : T extends ReadonlyMap<infer K, infer V> ? ReadonlyMap<ProtoInit<K>, ProtoInit<V>>
  : T extends readonly (infer I)[] ? readonly ProtoInit<I>[]
  : { readonly [K in keyof T]?: ProtoInit<T[K]> | undefined };

/** The fields of a oneof: one of them is there, or none. */
export type OneOf<T> =
  | {
    readonly [K in keyof T]:
      & { readonly [P in K]: T[P] }
      & { readonly [P in Exclude<keyof T, K>]?: undefined };
  }[
    keyof T
  ]
  | { readonly [K in keyof T]?: undefined };

/** An rpc with one reply. In: what it takes; Out: what it answers; E: the details of the errors that it declares. */
export type ProtoMethod<In, Out, E = NoErrors> = Method<ProtoInit<In>, Out, E, In, ProtoInit<Out>>;

/** An rpc without a reply. In: what it takes. */
export type ProtoOneway<In> = Oneway<ProtoInit<In>, In>;

/** An rpc that answers item by item. In: what it takes; Item: each item; E: the details of the errors that it declares. */
export type ProtoStream<In, Item, E = NoErrors> = Stream<ProtoInit<In>, Item, E, In, ProtoInit<Item>>;
