import { common } from "../deps/protobufjs.ts";

/** Where the options of this library are declared; .proto files import it by this name. */
export const OPTIONS_FILE = "rocket_actors/options.proto";

/**
 * What is in `rocket_actors/options.proto`, for compilers of other languages: they need it where their imports are
 * looked for.
 */
export const OPTIONS_PROTO =
  `// What a contract of rocket-actors promises, in words that other languages skip.
syntax = "proto3";

package rocket_actors;

import "google/protobuf/descriptor.proto";

// What a call does while no instance serves the contract.
enum WhenAbsent {
  WHEN_ABSENT_UNSPECIFIED = 0;
  // It fails at once.
  FAIL = 1;
  // It is stored, and waits.
  WAIT = 2;
}

// An error that a method may answer with.
message DeclaredError {
  // How it is called. Default: the name of its details.
  string name = 1;
  // The message of its details, as it would be named in a field. Default: it has none.
  string details = 2;
  // One of the gRPC codes in lower case. Default: "failed_precondition".
  string code = 3;
}

extend google.protobuf.MethodOptions {
  // There is no reply: calls end when the broker has stored them.
  bool oneway = 50571;
  // The field of the input whose value is the key: calls of one key keep their order. "from", "order.id".
  string key = 50572;
  // What it may answer with, besides its output.
  repeated DeclaredError error = 50573;
  // The deadline of calls that state none, in milliseconds.
  uint32 timeout_ms = 50574;
  // A call with less time left than this is not started, in milliseconds.
  uint32 min_remaining_ms = 50575;
  WhenAbsent when_absent = 50576;
}
`;

/** Enough of the file that options are declared with: what may be extended. */
const DESCRIPTOR_PROTO = `syntax = "proto2";
package google.protobuf;
message FileOptions { extensions 1000 to max; }
message MessageOptions { extensions 1000 to max; }
message FieldOptions { extensions 1000 to max; }
message OneofOptions { extensions 1000 to max; }
message ExtensionRangeOptions { extensions 1000 to max; }
message EnumOptions { extensions 1000 to max; }
message EnumValueOptions { extensions 1000 to max; }
message ServiceOptions { extensions 1000 to max; }
message MethodOptions { extensions 1000 to max; }
`;

/** Texts that may be imported without being given; protobufjs has more of `google/protobuf/`. */
export const BUNDLED: ReadonlyMap<string, string> = new Map([
  [OPTIONS_FILE, OPTIONS_PROTO],
  ["google/protobuf/descriptor.proto", DESCRIPTOR_PROTO],
]);

/** Whether a file may be imported without being given. */
export function isBundled(file: string): boolean {
  return BUNDLED.has(file) || common.get(file)?.nested !== undefined;
}
