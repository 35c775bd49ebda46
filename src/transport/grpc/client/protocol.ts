import {
  Duration,
  type ProtobufDuration,
  type ProtobufTimestamp,
  Timestamp,
} from "../../../deps/google_protobuf.ts";
import { type ProtoResource, Resource } from "../../../deps/rocketmq_proto.ts";

/** A topic or a group, as requests name it. */
export function resource(name: string, namespace: string | undefined): ProtoResource {
  const named = new Resource().setName(name);
  return namespace === undefined ? named : named.setResourceNamespace(namespace);
}

/** A span of time. */
export function duration(ms: number): ProtobufDuration {
  return new Duration().setSeconds(Math.floor(ms / 1_000)).setNanos(Math.floor(ms % 1_000) * 1_000_000);
}

/** A moment, of epoch milliseconds. */
export function timestamp(ms: number): ProtobufTimestamp {
  return new Timestamp().setSeconds(Math.floor(ms / 1_000)).setNanos(Math.floor(ms % 1_000) * 1_000_000);
}

/** Epoch milliseconds of a Protobuf timestamp, whose type the generated messages leave open; 0 where there is none. */
export function millisOf(value: unknown): number {
  // What the generated getters return: a google.protobuf.Timestamp or nothing.
  const time = value as ProtobufTimestamp | undefined;
  return time === undefined ? 0 : time.getSeconds() * 1_000 + Math.floor(time.getNanos() / 1_000_000);
}

/** The entries of a Protobuf map of texts, whose type the generated messages leave open. */
export interface TextMap {
  set(name: string, value: string): unknown;
  forEach(each: (value: string, name: string) => void): void;
}

/** Gives such a map its type. */
export function textMap(map: unknown): TextMap {
  // What the generated getters return: a jspb.Map of texts.
  return map as TextMap;
}
