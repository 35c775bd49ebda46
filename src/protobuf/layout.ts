/** Lines are no longer than this, if they can be broken. */
const WIDTH = 80;

/** A type with arguments, in one line where it fits. */
export interface Applied {
  /** What stands before the type, the indentation included. */
  readonly before: string;
  readonly name: string;
  readonly of: readonly string[];
}

/** Writes `before name<of, of>;`, one argument a line where it would be too long. */
export function applied({ before, name, of }: Applied): string {
  const line = `${before}${name}<${of.join(", ")}>;`;
  if (fits(line)) return line;
  const indent = /^ */.exec(before)?.[0] ?? "";
  const lines = of.map((one) => `${indent}  ${one}`);
  return [`${before}${name}<`, lines.join(",\n"), `${indent}>;`].join("\n");
}

/** Whether a line is short enough. */
export function fits(line: string): boolean {
  return line.length <= WIDTH;
}

/** A comment for the documentation of what follows. */
export function documented(comment: string, indent = ""): string {
  // A comment of the file must not end ours.
  const lines = comment.trim().replaceAll("*/", "*\\/").split(/\r?\n/).map((line) => line.trimEnd());
  const [only = ""] = lines;
  if (lines.length === 1 && fits(`${indent}/** ${only} */`)) return `${indent}/** ${only} */`;
  const body = lines.flatMap((line) => wrapped(line, WIDTH - indent.length - 3));
  return [`${indent}/**`, ...body.map((line) => `${indent} * ${line}`.trimEnd()), `${indent} */`].join("\n");
}

/** A line of a comment, broken at spaces where it is too long. */
function wrapped(line: string, width: number): string[] {
  const lines: string[] = [];
  let rest = line;
  while (rest.length > width) {
    const at = rest.lastIndexOf(" ", width);
    if (at <= rest.length - rest.trimStart().length) break;
    lines.push(rest.slice(0, at));
    rest = rest.slice(at + 1);
  }
  return [...lines, rest];
}
