import duration from "npm:google-protobuf@3.21.4/google/protobuf/duration_pb.js";

/** A span of time as Protobuf writes it. The package has no types of its own. */
export interface ProtobufDuration {
  setSeconds(seconds: number): ProtobufDuration;
  setNanos(nanos: number): ProtobufDuration;
  getSeconds(): number;
  getNanos(): number;
}

/** Makes spans of time. */
export const Duration: new () => ProtobufDuration = duration.Duration;
