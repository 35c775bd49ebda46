import duration from "npm:google-protobuf@3.21.4/google/protobuf/duration_pb.js";
import timestamp from "npm:google-protobuf@3.21.4/google/protobuf/timestamp_pb.js";

/** A span of time as Protobuf writes it. The package has no types of its own. */
export interface ProtobufDuration {
  setSeconds(seconds: number): ProtobufDuration;
  setNanos(nanos: number): ProtobufDuration;
  getSeconds(): number;
  getNanos(): number;
}

/** Makes spans of time. */
export const Duration: new () => ProtobufDuration = duration.Duration;

/** A moment as Protobuf writes it. The package has no types of its own. */
export interface ProtobufTimestamp {
  setSeconds(seconds: number): ProtobufTimestamp;
  setNanos(nanos: number): ProtobufTimestamp;
  getSeconds(): number;
  getNanos(): number;
}

/** Makes moments. */
export const Timestamp: new () => ProtobufTimestamp = timestamp.Timestamp;
