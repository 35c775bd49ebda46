import { contractFromProto } from "./contract_from_proto.ts";
import { MessageTypes } from "./message_types.ts";
import { applied, documented, fits } from "./layout.ts";
import { BUNDLED } from "./bundled.ts";
import { type ProtoFiles, ProtoSchema } from "./proto_schema.ts";
import { EMPTY, planService, type RpcPlan, type ServicePlan } from "./service_plan.ts";
import { TypeNames } from "./type_names.ts";

/** How a contract's types are written. */
export interface GenerateOptions {
  /** The service with its package. Default: the only one of the files. */
  readonly service?: string | undefined;
  /** Where the module imports `contractFromProto` from. Default: `rocket-actors/protobuf`. */
  readonly library?: string | undefined;
}

const KINDS = { call: "ProtoMethod", oneway: "ProtoOneway", stream: "ProtoStream" } as const;

/**
 * Writes the TypeScript module of a contract: the types of its messages and methods, the files, and the contract made of
 * them. The same files give the same text.
 *
 * @param files texts by file name
 * @throws {TypeError} as `contractFromProto`, and when two types would have one name
 */
export function generateContract(files: ProtoFiles, options: GenerateOptions = {}): string {
  // Names of errors are any text in a .proto file, and written as they are: only what makes a contract gets that far.
  contractFromProto(files, { service: options.service });
  const plan = planService(new ProtoSchema(files), options.service);
  const name = plan.service.name;
  const own = { methods: `${name}Methods`, files: `${name.charAt(0).toLowerCase()}${name.slice(1)}Files` };
  const packageName = plan.name.slice(0, -name.length - 1);
  const messages = new MessageTypes(new TypeNames(packageName, [name, own.methods, own.files]));
  const methods = plan.rpcs.map((rpc) => methodType(rpc, messages)).join("\n");
  const parts = [
    header(plan, messages, options.library ?? "rocket-actors/protobuf"),
    ...messages.declarations,
    `${documented(`The methods of ${plan.name}.`)}\nexport interface ${own.methods} {\n${methods}\n}`,
    filesOf(files, own.files),
    contractOf(plan, own),
  ];
  return `${parts.join("\n\n")}\n`;
}

function header({ rpcs, name }: ServicePlan, messages: MessageTypes, library: string): string {
  const names = [
    "contractFromProto",
    ...(messages.hasOneofs ? ["type OneOf"] : []),
    "type ProtoFiles",
    ...[...new Set(rpcs.map(({ kind }) => `type ${KINDS[kind]}`))].sort(),
    "type Service",
  ];
  const line = `import { ${names.join(", ")} } from ${JSON.stringify(library)};`;
  const imports = fits(line)
    ? line
    : `import {\n${names.map((one) => `  ${one},\n`).join("")}} from ${JSON.stringify(library)};`;
  return `// The contract of the service ${name}, made of its .proto files: do not edit.\n${imports}`;
}

function methodType({ name, kind, input, output, errors, comment }: RpcPlan, messages: MessageTypes): string {
  const type = (message: typeof input): string =>
    message.fullName === `.${EMPTY}` ? "void" : messages.reference(message);
  const of = kind === "oneway" ? [type(input)] : [type(input), type(output)];
  if (errors.length > 0) {
    const details = errors.map((error) => {
      return `${error.name}: ${error.details === undefined ? "void" : messages.reference(error.details)}`;
    });
    const line = `    { ${details.join("; ")} },`;
    of.push(fits(line) ? line.slice(4, -1) : `{\n${details.map((one) => `      ${one};\n`).join("")}    }`);
  }
  const line = applied({ before: `  readonly ${name}: `, name: KINDS[kind], of });
  return comment === undefined ? line : `${documented(comment, "  ")}\n${line}`;
}

/** The texts, without those that need not be given. */
function filesOf(files: ProtoFiles, name: string): string {
  const texts = Object.entries(files).filter(([file, text]) => BUNDLED.get(file) !== text).map(
    ([file, text]) => {
      return `  ${JSON.stringify(file)}: \`${asTemplate(text)}\`,\n`;
    },
  );
  return `${documented("The files that the contract is made of.")}\nexport const ${name}: ProtoFiles = {\n${
    texts.join("")
  }};`;
}

/** What reads as that text between backticks, where a CR would be read as a line feed. */
function asTemplate(text: string): string {
  return text.replace(/[\\`]|\$\{/g, "\\$&").replaceAll("\r", "\\r");
}

function contractOf(
  { service, name }: ServicePlan,
  own: { readonly methods: string; readonly files: string },
): string {
  const doc = documented(service.comment ?? `The service ${name}.`);
  const head = `export const ${service.name}: Service<${own.methods}> = contractFromProto(`;
  return [doc, head, `  ${own.files},`, `  { service: ${JSON.stringify(name)} },`, ");"].join("\n");
}
