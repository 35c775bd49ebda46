import type { Second } from "./window.ts";

/** One line of a panel. */
interface Line {
  readonly name: string;
  readonly colour: string;
  readonly of: (second: Second) => number;
}

/** One diagram below the other, over the same time. */
interface Panel {
  readonly title: string;
  readonly lines: readonly Line[];
}

const WIDTH = 720;
const HEIGHT = 150;
const LEFT = 60;
const TOP = 24;
const GAP = 34;

const PANELS: readonly Panel[] = [
  {
    title: "calls per second",
    lines: [
      { name: "offered", colour: "#999999", of: ({ offered }) => offered },
      { name: "never sent", colour: "#d08700", of: ({ fates }) => fates["never sent"] },
      {
        name: "expired or unknown",
        colour: "#b0413e",
        of: ({ fates }) => fates.expired + fates.unknown + fates.late,
      },
      { name: "answered", colour: "#1a7f37", of: ({ fates }) => fates.answered },
    ],
  },
  {
    title: "answered per second",
    lines: [{ name: "answered", colour: "#1a7f37", of: ({ fates }) => fates.answered }],
  },
  {
    title: "p99 of started calls, ms",
    lines: [
      { name: "handler", colour: "#0550ae", of: ({ handlerP99Ms }) => handlerP99Ms },
      { name: "start to reply", colour: "#8250df", of: ({ replyP99Ms }) => replyP99Ms },
    ],
  },
  {
    title: "heap in use with garbage, MiB",
    lines: [{ name: "heap", colour: "#57606a", of: ({ heap }) => heap / 1024 / 1024 }],
  },
];

/** Draws goodput, refusals, latency and heap over time as an SVG; the overload is shaded. */
export function toSvg(seconds: readonly Second[], title: string): string {
  const end = Math.max(1, seconds.at(-1)?.at ?? 1);
  const x = (at: number) => LEFT + at / end * (WIDTH - LEFT - 16);
  const overload = seconds.filter(({ phase }) => phase === "overload");
  const from = x(Math.max(0, (overload[0]?.at ?? 1) - 1));
  const to = x(overload.at(-1)?.at ?? 0);
  const height = TOP + PANELS.length * (HEIGHT + GAP) + 12;
  const panels = PANELS.flatMap(({ title: name, lines }, index) => {
    const top = TOP + index * (HEIGHT + GAP) + GAP - 8;
    const most = Math.max(1, ...seconds.flatMap((second) => lines.map(({ of }) => of(second)))) * 1.05;
    const y = (value: number) => top + HEIGHT - value / most * HEIGHT;
    return [
      `<rect x="${from.toFixed(1)}" y="${top}" width="${
        Math.max(0, to - from).toFixed(1)
      }" height="${HEIGHT}" fill="#fff1e5"/>`,
      `<path d="M${LEFT} ${top}V${top + HEIGHT}H${WIDTH - 16}" fill="none" stroke="#57606a"/>`,
      `<text x="${LEFT}" y="${top - 6}">${name}</text>`,
      `<text x="${LEFT - 6}" y="${top + 10}" text-anchor="end">${label(most)}</text>`,
      `<text x="${LEFT - 6}" y="${top + HEIGHT}" text-anchor="end">0</text>`,
      ...lines.map(({ of, colour }) => {
        const points = seconds.map((second) => `${x(second.at).toFixed(1)},${y(of(second)).toFixed(1)}`);
        return `<polyline points="${points.join(" ")}" fill="none" stroke="${colour}" stroke-width="1.5"/>`;
      }),
      ...lines.map(({ name, colour }, place) =>
        `<text x="${WIDTH - 16}" y="${
          top + 10 + place * 14
        }" text-anchor="end" fill="${colour}">${name}</text>`
      ),
    ];
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="11">`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    `<text x="${LEFT}" y="16" font-size="13">${escaped(title)}</text>`,
    ...panels,
    `<text x="${WIDTH - 16}" y="${height - 4}" text-anchor="end">${
      end.toFixed(0)
    } s; shaded: the overload</text>`,
    "</svg>",
    "",
  ].join("\n");
}

function label(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(1);
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
