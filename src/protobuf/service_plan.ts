import { type Method, type Service, Type } from "../deps/protobufjs.ts";
import type { Code } from "../errors/code.ts";
import { keyOfField } from "./key_of_field.ts";
import { type ErrorOption, type RpcOptions, rpcOptions } from "./method_options.ts";
import { protoError, type ProtoPlace } from "./proto_error.ts";
import type { ProtoSchema } from "./proto_schema.ts";

/** What stands for nothing: methods that take or answer it take or answer nothing. */
export const EMPTY = "google.protobuf.Empty";

/** An error that an rpc declares. */
export interface ErrorPlan {
  readonly name: string;
  /** `undefined`: it has no details. */
  readonly details: Type | undefined;
  readonly code: Code | undefined;
}

/** An rpc as a method of a contract. */
export interface RpcPlan {
  /** The method's name. */
  readonly name: string;
  readonly kind: "call" | "oneway" | "stream";
  readonly input: Type;
  /** What it answers, or each of its items. */
  readonly output: Type;
  readonly errors: readonly ErrorPlan[];
  readonly options: RpcOptions;
  readonly key: ((input: unknown) => string) | undefined;
  readonly comment: string | undefined;
  readonly place: ProtoPlace;
}

/** A service of .proto files as a contract. */
export interface ServicePlan {
  /** With its package. */
  readonly name: string;
  readonly service: Service;
  readonly rpcs: readonly RpcPlan[];
}

/**
 * Reads a service.
 *
 * @param name with its package; may be left out where there is only one
 * @throws {TypeError} naming file and line, when there is no such service, or it cannot be a contract
 */
export function planService(schema: ProtoSchema, name: string | undefined): ServicePlan {
  const service = serviceOf(schema, name);
  const rpcs = service.methodsArray.map((method) => planRpc(schema, service, method));
  if (rpcs.length === 0) {
    throw protoError(schema.placeOf(service), `the service "${service.name}" has no rpc: give it one`);
  }
  checkOnce(rpcs);
  return { name: service.fullName.slice(1), service, rpcs };
}

function serviceOf(schema: ProtoSchema, name: string | undefined): Service {
  const { services } = schema;
  const named = name === undefined ? services : services.filter(({ fullName }) => fullName === `.${name}`);
  const [service] = named;
  if (service !== undefined && named.length === 1) return service;
  const names = services.map(({ fullName }) => fullName.slice(1)).join(", ") || "none";
  throw new TypeError(
    name === undefined
      ? `Cannot make a contract: name one service, those of the files are ${names}`
      : `Cannot make a contract of "${name}": the services of the files are ${names}`,
  );
}

function planRpc(schema: ProtoSchema, service: Service, method: Method): RpcPlan {
  const place = schema.placeOf(service, method.name);
  if (method.requestStream) {
    throw protoError(
      place,
      `rpc ${method.name} takes a stream, which contracts have not: take a message with a repeated field, or one call ` +
        "for each",
    );
  }
  const options = rpcOptions(method, place);
  const input = messageOf(service, method.requestType, place);
  const output = messageOf(service, method.responseType, place);
  const kind = kindOf(method, options, output, place);
  return {
    name: methodName(method.name),
    kind,
    input,
    output,
    errors: options.errors.map((error) => planError(service, method, error, place)),
    options,
    key: options.key === undefined ? undefined : keyOfField(input, options.key, place),
    comment: method.comment ?? undefined,
    place,
  };
}

function kindOf(
  method: Method,
  { oneway, errors }: RpcOptions,
  output: Type,
  place: ProtoPlace,
): RpcPlan["kind"] {
  if (!oneway) return method.responseStream ? "stream" : "call";
  const contradiction = method.responseStream
    ? "a stream"
    : errors.length > 0
    ? "declared errors"
    : output.fullName === `.${EMPTY}`
    ? undefined
    : `a ${output.name}`;
  if (contradiction === undefined) return "oneway";
  throw protoError(
    place,
    `rpc ${method.name} is one-way, so nobody gets ${contradiction}: let it return ${EMPTY} and nothing else`,
  );
}

function planError(service: Service, method: Method, error: ErrorOption, place: ProtoPlace): ErrorPlan {
  const details = error.details === undefined ? undefined : service.lookup(error.details, [Type]);
  if (details === null) {
    throw protoError(
      place,
      `rpc ${method.name}: there is no message "${error.details}" for the details of an error`,
    );
  }
  const type = details === undefined ? undefined : asType(details, place);
  return { name: error.name ?? type?.name ?? "", details: type, code: error.code };
}

function messageOf(service: Service, name: string, place: ProtoPlace): Type {
  return asType(service.lookup(name, [Type]), place);
}

/** The filter of the look-up does what its type does not say. */
function asType(found: unknown, place: ProtoPlace): Type {
  if (found instanceof Type) return found;
  throw protoError(place, "it names what is no message");
}

/** One name is one method, and one error means one thing. */
function checkOnce(rpcs: readonly RpcPlan[]): void {
  const names = new Set<string>();
  const details = new Map<string, Type | undefined>();
  for (const { name, errors, place } of rpcs) {
    if (names.has(name)) {
      throw protoError(place, `two methods would be called "${name}": give one another name`);
    }
    names.add(name);
    for (const error of errors) {
      if (details.has(error.name) && details.get(error.name) !== error.details) {
        throw protoError(
          place,
          `the error "${error.name}" has other details elsewhere: give one another name`,
        );
      }
      details.set(error.name, error.details);
    }
  }
}

/** `GetBalance` is called as `getBalance`. */
function methodName(rpc: string): string {
  return rpc.charAt(0).toLowerCase() + rpc.slice(1);
}
