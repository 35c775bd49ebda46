import type { Schema, SchemaResult } from "../../src/contract/schema.ts";

/** A schema out of a function. */
export function schemaOf<In, Out = In>(
  validate: (value: unknown) => SchemaResult<Out> | Promise<SchemaResult<Out>>,
): Schema<In, Out> {
  return { "~standard": { version: 1, vendor: "test", validate } };
}

/** Lets texts through, in capitals; says of anything else what and where it is. */
export const capitals: Schema<string, string> = schemaOf((value) => toCapitals(value));

/** The same, a turn later. */
export const slowCapitals: Schema<string, string> = schemaOf(async (value) => {
  await Promise.resolve();
  return toCapitals(value);
});

/** Never answers. */
export const endless: Schema<string, string> = schemaOf(() => new Promise(() => {}));

/** Fails instead of answering. */
export const broken: Schema<string, string> = schemaOf(() => {
  throw new Error("Out of order");
});

function toCapitals(value: unknown): SchemaResult<string> {
  if (typeof value === "string") return { value: value.toUpperCase() };
  return { issues: [{ message: "must be a text", path: ["items", 0, { key: "name" }] }] };
}
