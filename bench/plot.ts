/** One line of a panel. */
export interface Curve {
  readonly name: string;
  readonly colour: string;
  /** In the order of x. */
  readonly points: readonly (readonly [x: number, y: number])[];
}

/** How an axis is divided: a logarithmic one needs numbers above 0, and shows figures of very different size. */
export type Scale = "linear" | "log";

/** One diagram, above or below others over the same x. */
export interface Panel {
  readonly title: string;
  readonly curves: readonly Curve[];
  /** Default: linear, from 0. */
  readonly scale?: Scale;
}

/** Diagrams one below the other. */
export interface Plot {
  readonly title: string;
  readonly panels: readonly Panel[];
  /** What stands below them. */
  readonly note: string;
  /** Default: linear, from 0. */
  readonly xScale?: Scale;
  /** Values of x that are written below each panel; default: none. */
  readonly ticks?: readonly number[];
  /** A part of x with a ground of its own. */
  readonly shaded?: readonly [from: number, to: number];
}

/** For curves that have no colour of their own: as far apart as so many can be. */
export const COLOURS: readonly string[] = [
  ...["#1a7f37", "#0550ae", "#d08700", "#b0413e", "#8250df", "#57606a"],
  ...["#1b9aaa", "#bf3989", "#6f4e37", "#7cb518", "#000000"],
];

const WIDTH = 840;
const HEIGHT = 150;
const LEFT = 60;
const RIGHT = 150;
const TOP = 24;
const GAP = 40;

/** Draws it as an SVG. */
export function toSvg(plot: Plot): string {
  const { title, panels, note } = plot;
  const height = TOP + panels.length * (HEIGHT + GAP) + 18;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="11">`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    `<text x="${LEFT}" y="16" font-size="13">${escaped(title)}</text>`,
    ...panels.flatMap((panel, index) => drawPanel(plot, panel, TOP + index * (HEIGHT + GAP) + GAP - 16)),
    `<text x="${WIDTH - RIGHT}" y="${height - 4}" text-anchor="end">${escaped(note)}</text>`,
    "</svg>",
    "",
  ].join("\n");
}

function drawPanel({ panels, xScale, ticks = [], shaded }: Plot, panel: Panel, top: number): string[] {
  const { title, curves, scale } = panel;
  const all = panels.flatMap(({ curves }) => curves.flatMap(({ points }) => points.map(([at]) => at)));
  const x = axis(all, xScale, LEFT, WIDTH - RIGHT, 1);
  const y = axis(curves.flatMap(({ points }) => points.map(([, value]) => value)), scale, top + HEIGHT, top);
  const bottom = top + HEIGHT;
  return [
    ...(shaded === undefined ? [] : [shade(x.at(shaded[0]), x.at(shaded[1]), top)]),
    ...(scale === "log" ? decades(y) : []),
    `<path d="M${LEFT} ${top}V${bottom}H${WIDTH - RIGHT}" fill="none" stroke="#57606a"/>`,
    `<text x="${LEFT}" y="${top - 6}">${escaped(title)}</text>`,
    `<text x="${LEFT - 6}" y="${top + 10}" text-anchor="end">${label(y.most)}</text>`,
    `<text x="${LEFT - 6}" y="${bottom}" text-anchor="end">${label(y.least)}</text>`,
    ...ticks.map((tick) =>
      `<text x="${x.at(tick).toFixed(1)}" y="${bottom + 13}" text-anchor="middle">${tick}</text>`
    ),
    ...curves.map(({ points, colour }) => {
      const drawn = points.map(([at, value]) => `${x.at(at).toFixed(1)},${y.at(value).toFixed(1)}`);
      return `<polyline points="${drawn.join(" ")}" fill="none" stroke="${colour}" stroke-width="1.5"/>`;
    }),
    ...curves.map(({ name, colour }, place) =>
      `<text x="${WIDTH - RIGHT + 10}" y="${top + 10 + place * 13}" fill="${colour}">${escaped(name)}</text>`
    ),
  ];
}

interface Axis {
  readonly least: number;
  readonly most: number;
  at(value: number): number;
}

/** @param room of the axis that is left free above the greatest value, as a factor */
function axis(
  values: readonly number[],
  scale: Scale = "linear",
  from: number,
  to: number,
  room = 1.05,
): Axis {
  if (scale === "linear") {
    const most = Math.max(1, ...values) * room;
    return { least: 0, most, at: (value) => from + value / most * (to - from) };
  }
  const known = values.filter((value) => value > 0);
  const least = known.length === 0 ? 1 : Math.min(...known) / room;
  const most = Math.max(least * 2, ...known) * room;
  const width = Math.log(most / least);
  return {
    least,
    most,
    at: (value) => from + Math.log(Math.max(value, least) / least) / width * (to - from),
  };
}

/** A line for each power of ten between the ends of a logarithmic axis, so that factors can be read off. */
function decades({ least, most, at }: Axis): string[] {
  const lines: string[] = [];
  for (let power = Math.ceil(Math.log10(least)); 10 ** power < most; power++) {
    const y = at(10 ** power).toFixed(1);
    lines.push(
      `<path d="M${LEFT} ${y}H${WIDTH - RIGHT}" fill="none" stroke="#d0d7de"/>`,
      `<text x="${LEFT + 4}" y="${y}" fill="#8c959f">${10 ** power}</text>`,
    );
  }
  return lines;
}

function shade(from: number, to: number, top: number): string {
  const width = Math.max(0, to - from).toFixed(1);
  return `<rect x="${from.toFixed(1)}" y="${top}" width="${width}" height="${HEIGHT}" fill="#fff1e5"/>`;
}

function label(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(value >= 1 ? 1 : 2);
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
