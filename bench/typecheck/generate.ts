/** How the methods of a generated contract say what they take and answer. */
export const STYLES = ["types", "zod", "valibot", "arktype"] as const;

/** One of {@linkcode STYLES}. */
export type Style = typeof STYLES[number];

interface Words {
  readonly imports: string;
  /** The fields of an input, an output and an error's details: all of a schema library's own making. */
  readonly input: string;
  readonly output: string;
  readonly details: string;
}

const SCHEMAS: Readonly<Record<Exclude<Style, "types">, Words>> = {
  zod: {
    imports: `import { z } from "zod";`,
    input: `z.object({ from: z.string(), to: z.string(), cents: z.number() })`,
    output: `z.object({ receipt: z.string(), cents: z.number() })`,
    details: `z.object({ missing: z.number() })`,
  },
  valibot: {
    imports: `import * as v from "valibot";`,
    input: `v.object({ from: v.string(), to: v.string(), cents: v.number() })`,
    output: `v.object({ receipt: v.string(), cents: v.number() })`,
    details: `v.object({ missing: v.number() })`,
  },
  arktype: {
    imports: `import { type as ark } from "arktype";`,
    input: `ark({ from: "string", to: "string", cents: "number" })`,
    output: `ark({ receipt: "string", cents: "number" })`,
    details: `ark({ missing: "number" })`,
  },
};

const INPUT_TYPE = `{ from: string; to: string; cents: number }`;
const OUTPUT_TYPE = `{ receipt: string; cents: number }`;
/** Every so many methods one declares an error. */
const ERROR_EVERY = 10;

/** A program without contracts: what it takes to check the library alone, and to start. */
export function baseline(): string {
  return `import { createSystem } from "rocket-actors";\nexport const start = createSystem;\n`;
}

/** A program with the schemas of so many methods and nothing else: what they cost by themselves. */
export function schemasAlone(style: Exclude<Style, "types">, methods: number): string {
  const { imports, input, output, details } = SCHEMAS[style];
  const lines = [imports, `export const start = 0;`];
  for (let index = 0; index < methods; index++) {
    // A property each makes every schema a type of its own, as in a real contract.
    lines.push(`export const input${index} = ${numbered(input, index)};`);
    lines.push(`export const output${index} = ${numbered(output, index)};`);
    if (index % ERROR_EVERY === 0) lines.push(`export const details${index} = ${numbered(details, index)};`);
  }
  return `${lines.join("\n")}\n`;
}

/** A program with one contract of so many methods, a handler for each, and an awaited call of each. */
export function contract(style: Style, methods: number): string {
  const indexes = Array.from({ length: methods }, (_, index) => index);
  const schemas = style === "types" ? undefined : SCHEMAS[style];
  return [
    `import { type Client, defineService, type Handlers, method, type } from "rocket-actors";`,
    schemas?.imports ?? "",
    `export const Contract = defineService("bench.Contract", {`,
    ...indexes.map((index) => `  m${index}: ${declaration(index, schemas)},`),
    `}, { errors: { Closed: type<{ until: string }>() } });`,
    `export const handlers: Handlers<typeof Contract> = {`,
    ...indexes.map(handler),
    `};`,
    `export async function calls(client: Client<typeof Contract>): Promise<number> {`,
    `  let sum = 0;`,
    ...indexes.map((index) =>
      `  sum += (await client.m${index}({ from: "a", to: "b", cents: 1, f${index}: 1 })).cents;`
    ),
    `  return sum;`,
    `}`,
    ``,
  ].join("\n");
}

function declaration(index: number, schemas: Words | undefined): string {
  const declares = index % ERROR_EVERY === 0;
  if (schemas === undefined) {
    const types = `${numbered(INPUT_TYPE, index)}, ${numbered(OUTPUT_TYPE, index)}`;
    return declares
      ? `method<${types}, { E${index}: { missing: number } }>({ errors: { E${index}: type() }, safe: true })`
      : `method<${types}>({ safe: true })`;
  }
  const errors = declares ? `, errors: { E${index}: ${numbered(schemas.details, index)} }` : "";
  return `method({ input: ${numbered(schemas.input, index)}, output: ${
    numbered(schemas.output, index)
  }${errors}, safe: true })`;
}

function handler(index: number): string {
  const answer = `{ receipt: from + to, cents: cents + f${index} + ctx.attempt, f${index}: 1 }`;
  const raise = index % ERROR_EVERY === 0
    ? `if (cents < 0) throw ctx.error("Closed", { until: from }); `
    : "";
  return `  m${index}: ({ from, to, cents, f${index} }, ctx) => { ${raise}return ${answer}; },`;
}

/** The same type or schema with one more field, a number whose name has the index. */
function numbered(text: string, index: number): string {
  const field: Readonly<Record<string, string>> = {
    z: "z.number()",
    v: "v.number()",
    a: '"number"',
  };
  const first = text.charAt(0);
  if (first === "{") return text.replace(" }", `; f${index}: number }`);
  return text.replace(/ \}\)$/, `, f${index}: ${field[first]} })`);
}
