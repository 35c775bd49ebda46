/** A span as it is drawn. */
export interface DrawnSpan {
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly name: string;
  /** Of which process it is. */
  readonly service: string;
  /** Epoch milliseconds, with fractions. */
  readonly startMs: number;
  readonly endMs: number;
}

/** A span in its place: below its parent, in order of their starts. */
interface Row {
  readonly span: DrawnSpan;
  readonly depth: number;
}

const WIDTH = 900;
const NAMES = 330;
const ROW = 22;
const TOP = 46;
const COLOURS: Readonly<Record<string, string>> = {
  broker: "#d08700",
  mailbox: "#8250df",
  record: "#b0413e",
  handler: "#1a7f37",
};
const CALLER = "#57606a";
const CALLEE = "#0550ae";

/**
 * Draws the spans below one of them as bars over time.
 *
 * @param caller the process whose spans are drawn as the caller's
 */
export function toSvg(spans: readonly DrawnSpan[], root: DrawnSpan, caller: string, title: string): string {
  const rows = below(spans, root, 0);
  const lengthMs = Math.max(...rows.map(({ span }) => span.endMs)) - root.startMs;
  const x = (ms: number) => NAMES + (ms - root.startMs) / lengthMs * (WIDTH - NAMES - 70);
  const height = TOP + rows.length * ROW + 30;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="11">`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    `<text x="12" y="18" font-size="13">${escaped(title)}</text>`,
    ...ticks(lengthMs).flatMap((ms) => {
      const at = x(root.startMs + ms).toFixed(1);
      return [
        `<path d="M${at} ${TOP - 10}V${height - 24}" stroke="#eaeef2"/>`,
        `<text x="${at}" y="${TOP - 14}" text-anchor="middle" fill="#57606a">${ms} ms</text>`,
      ];
    }),
    ...rows.flatMap((row, index) => drawn(row, TOP + index * ROW, x, caller)),
    legend(height - 8),
    "</svg>",
    "",
  ].join("\n");
}

function below(spans: readonly DrawnSpan[], span: DrawnSpan, depth: number): readonly Row[] {
  const children = spans.filter(({ parentSpanId }) => parentSpanId === span.spanId)
    .sort((one, other) => one.startMs - other.startMs);
  return [{ span, depth }, ...children.flatMap((child) => below(spans, child, depth + 1))];
}

function drawn({ span, depth }: Row, top: number, x: (ms: number) => number, caller: string): string[] {
  const { name, service, startMs, endMs } = span;
  const from = x(startMs);
  const width = Math.max(1.5, x(endMs) - from);
  const colour = COLOURS[name.split(" ")[0] ?? ""] ?? (service === caller ? CALLER : CALLEE);
  return [
    `<text x="${12 + depth * 14}" y="${top + 14}">${escaped(name)}</text>`,
    `<rect x="${from.toFixed(1)}" y="${top + 3}" width="${width.toFixed(1)}" height="${
      ROW - 8
    }" fill="${colour}"/>`,
    `<text x="${(from + width + 4).toFixed(1)}" y="${top + 14}" fill="#57606a">${
      (endMs - startMs).toFixed(2)
    } ms</text>`,
  ];
}

function legend(y: number): string {
  const entries = { caller: CALLER, callee: CALLEE, ...COLOURS };
  return Object.entries(entries).map(([name, colour], index) =>
    `<text x="${NAMES + index * 75}" y="${y}" fill="${colour}">■ ${name}</text>`
  ).join("\n");
}

/** Whole milliseconds, or halves of one, at most ten of them. */
function ticks(lengthMs: number): readonly number[] {
  const step = [0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 50, 100].find((each) => lengthMs / each <= 10) ?? lengthMs;
  return Array.from(
    { length: Math.floor(lengthMs / step) + 1 },
    (_, index) => Number((index * step).toFixed(2)),
  );
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
