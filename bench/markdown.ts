import type { Figure } from "./broker/figure.ts";

/** A table in Markdown: the first column is of texts, the others of numbers. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(header), line(header.map((_, index) => index === 0 ? "---" : "--:")), ...rows.map(line)];
}

/** A figure as a cell: the median, least and greatest in brackets. */
export function spread({ median, min, max }: Figure, digits: number): string {
  return `${median.toFixed(digits)} (${min.toFixed(digits)}–${max.toFixed(digits)})`;
}
