/**
 * Contracts out of services in .proto files: what other languages share with a service, the same files say here.
 *
 * `rocket-actors/protobuf/cli` writes the types of such a contract; `readProtoFiles` reads files that import each other.
 *
 * @module
 */
export { contractFromProto, type ProtoContractOptions } from "./contract_from_proto.ts";
export { generateContract, type GenerateOptions } from "./generate_contract.ts";
export { readProtoFiles, type ReadProtoOptions } from "./read_proto_files.ts";
export type { ProtoFiles } from "./proto_schema.ts";
export { OPTIONS_FILE, OPTIONS_PROTO } from "./bundled.ts";
export type { OneOf, ProtoInit, ProtoMethod, ProtoOneway, ProtoStream } from "./rpc_types.ts";
export type { Service } from "../contract/types.ts";
