import { protobuf } from "../codec/protobuf.ts";
import type { ProtobufMethod } from "../codec/protobuf_methods.ts";
import { defineService } from "../contract/define.ts";
import { method } from "../contract/method.ts";
import { checkOptions } from "../contract/option.ts";
import { type } from "../contract/schema.ts";
import type { AnyMethod, ErrorSpec, Methods, Service } from "../contract/types.ts";
import { protoError } from "./proto_error.ts";
import { type ProtoFiles, ProtoSchema } from "./proto_schema.ts";
import { planService, type RpcPlan } from "./service_plan.ts";

/** What `contractFromProto` may be told beside the files. */
export interface ProtoContractOptions {
  /** The service with its package, `bank.Payments`. Default: the only one of the files. */
  readonly service?: string | undefined;
  /** The contract's name. Default: the service's, with its package. */
  readonly name?: string | undefined;
  /** As for `defineService`. */
  readonly slots?: number | undefined;
  /** As for `defineService`. */
  readonly packing?: boolean | undefined;
  /** As for `defineService`. */
  readonly indexCalls?: "calls" | "pack" | undefined;
  /** As for `defineService`. */
  readonly foreign?: boolean | undefined;
}

const OPTIONS = ["service", "name", "slots", "packing", "indexCalls", "foreign"];

/**
 * Makes a contract out of a service of .proto files: each rpc is a method, called by its name with a small first letter,
 * bodies are Protobuf.
 *
 * `option idempotency_level` says `safe` (`NO_SIDE_EFFECTS`) and `idempotent` (`IDEMPOTENT`); what else a contract may
 * promise is said by the options of `rocket_actors/options.proto`. An rpc that takes or returns `google.protobuf.Empty`
 * takes or answers nothing; one that returns a stream answers item by item. Methods are append-only, as those of any contract: their order is that of the rpcs.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { contractFromProto } from "rocket-actors/protobuf";
 *
 * const Payments = contractFromProto(`
 *   syntax = "proto3";
 *   package bank;
 *   message QuoteRequest { int64 cents = 1; }
 *   message Quote { int64 fee = 1; }
 *   service Payments {
 *     rpc Quote (QuoteRequest) returns (Quote) { option idempotency_level = NO_SIDE_EFFECTS; }
 *   }
 * `);
 * assert.equal(Payments.name, "bank.Payments");
 * assert.equal(Payments.methods["quote"]?.settings.safe, true);
 * ```
 *
 * M: its methods' types, which nobody checks here: have them written by `rocket-actors/protobuf/cli`.
 *
 * @param proto the text of a .proto file, or texts by file name where files import each other
 * @param options which service, and what its contract says beside
 * @returns a frozen contract
 * @throws {TypeError} naming file and line, when a file cannot be read, an import is missing, or an rpc cannot be a
 * method: one that takes a stream, for instance
 */
export function contractFromProto<M extends Record<keyof M, AnyMethod> = Methods>(
  proto: string | ProtoFiles,
  options: ProtoContractOptions = {},
): Service<M> {
  checkOptions("make a contract of .proto files", options, OPTIONS);
  const { service, name, ...rest } = options;
  const schema = new ProtoSchema(proto);
  const plan = planService(schema, service);
  const methods: Record<string, AnyMethod> = {};
  const bodies: Record<string, ProtobufMethod> = {};
  for (const rpc of plan.rpcs) {
    methods[rpc.name] = declared(rpc);
    bodies[rpc.name] = bodiesOf(rpc);
  }
  const codec = protobuf(schema.root, bodies);
  // Of the types that the generator wrote from the same files; without them M says nothing.
  return defineService(name ?? plan.name, methods, { ...rest, codec }) as unknown as Service<M>;
}

/** Says where what `method()` refuses was written. */
function declared(rpc: RpcPlan): AnyMethod {
  try {
    return declare(rpc);
  } catch (error) {
    throw protoError(rpc.place, error instanceof Error ? error.message : String(error), error);
  }
}

function declare({ kind, options, key, errors }: RpcPlan): AnyMethod {
  const { safe, idempotent, timeoutMs, minRemainingMs, whenAbsent } = options;
  const promises = {
    ...(safe ? { safe } : idempotent ? { idempotent } : {}),
    key,
    timeoutMs,
    minRemainingMs,
    whenAbsent,
  };
  if (kind === "oneway") return method.oneway(promises);
  const details = type<unknown>();
  const specs = errors.map(({ name, code }): [string, ErrorSpec<unknown>] => [name, { details, code }]);
  const checked = { ...promises, input: type(), errors: Object.fromEntries(specs) };
  return kind === "stream"
    ? method.stream({ ...checked, item: type() })
    : method({ ...checked, output: type() });
}

function bodiesOf({ kind, input, output, errors }: RpcPlan): ProtobufMethod {
  const details = errors.flatMap(({ name, details: message }) =>
    message === undefined ? [] : [[name, message.fullName] as const]
  );
  return {
    input: input.fullName,
    output: kind === "oneway" ? undefined : output.fullName,
    errors: Object.fromEntries(details),
  };
}
