/** Whether a JSON value has what this library writes in a form of its own: -0, or a key that means something. */
export function hasSpecial(value: unknown): boolean {
  let special = false;
  JSON.stringify(value, (key, part) => {
    special ||= Object.is(part, -0) || key === "__proto__" || key.startsWith("$rpc:");
    return part;
  });
  return special;
}
