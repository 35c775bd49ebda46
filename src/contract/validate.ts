import type { AnySchema } from "./schema.ts";
/** Placeholder signature. */
export function validate(
  schema: AnySchema | undefined,
  value: unknown,
  _what: string,
): unknown | Promise<unknown> {
  if (schema === undefined) return value;
  const result = schema["~standard"].validate(value);
  const done = (r: Awaited<typeof result>) => {
    if (r.issues) throw new TypeError(r.issues[0]?.message);
    return r.value;
  };
  return result instanceof Promise ? result.then(done) : done(result);
}
