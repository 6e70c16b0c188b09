import type { Series } from './growth.js';

const PANEL = { width: 250, height: 240, top: 56, bottom: 56, left: 58, labels: 200 };
const BLOCK = PANEL.left + PANEL.width + PANEL.labels;
const HEIGHT = PANEL.top + PANEL.height + PANEL.bottom;
/** Least distance between the baselines of two labels. */
const LINE = 15;
const COLOURS = ['#1f5fa8', '#b4501e', '#2f7d4f', '#7a4fa0', '#8a6d1a'];

/** Where a value lies on a logarithmic axis, from 0 to 1. */
interface Axis {
  at(value: number): number;
  ticks: number[];
}

/** From the power of ten below the least value to the one above the greatest. */
function axisFor(values: readonly number[]): Axis {
  const from = Math.floor(Math.log10(Math.min(...values)));
  const to = Math.max(from + 1, Math.ceil(Math.log10(Math.max(...values))));
  return {
    at: (value) => (Math.log10(value) - from) / (to - from),
    ticks: Array.from({ length: to - from + 1 }, (_, nth) => 10 ** (from + nth)),
  };
}

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
const text = (x: number, y: number, words: string, more = '') =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${more}>${escaped(words)}</text>`;
const line = (x1: number, y1: number, x2: number, y2: number) =>
  `<path class="grid" d="M${x1.toFixed(1)} ${y1.toFixed(1)}L${x2.toFixed(1)} ${y2.toFixed(1)}"/>`;

function shortCount(count: number): string {
  return count >= 1e6 ? `${count / 1e6}M` : `${count / 1e3}k`;
}

/** Moves labels down that would lie on the one above, and all up again when the last left the panel. */
function spread(wanted: readonly number[], lowest: number): number[] {
  const order = wanted.map((_, nth) => nth).toSorted((a, b) => (wanted[a] ?? 0) - (wanted[b] ?? 0));
  const placed = [...wanted];
  let above = Number.NEGATIVE_INFINITY;
  for (const nth of order) above = placed[nth] = Math.max(placed[nth] ?? 0, above + LINE);
  let below = lowest + LINE;
  for (const nth of order.toReversed()) below = placed[nth] = Math.min(placed[nth] ?? 0, below - LINE);
  return placed;
}

function panel(left: number, title: string, counts: readonly number[], series: readonly Series[]): string {
  const across = axisFor(counts);
  const upward = axisFor(series.flatMap(({ values }) => values));
  const x = (count: number) => left + PANEL.left + across.at(count) * PANEL.width;
  const y = (value: number) => PANEL.top + (1 - upward.at(value)) * PANEL.height;
  const [west, east, south] = [left + PANEL.left, left + PANEL.left + PANEL.width, PANEL.top + PANEL.height];
  const parts = [text(west, PANEL.top - 18, title, 'class="title"')];
  for (const tick of upward.ticks) {
    parts.push(line(west, y(tick), east, y(tick)));
    parts.push(text(west - 8, y(tick) + 4, String(Number(tick.toPrecision(3))), 'text-anchor="end"'));
  }
  for (const count of across.ticks) {
    parts.push(line(x(count), PANEL.top, x(count), south));
    parts.push(text(x(count), south + 20, shortCount(count), 'text-anchor="middle"'));
  }
  parts.push(
    text((west + east) / 2, south + 42, 'messages of old mailings in the tables', 'text-anchor="middle"'),
  );
  const labels = spread(
    series.map(({ values }) => y(values.at(-1) ?? NaN) + 4),
    south,
  );
  for (const [nth, { name, values }] of series.entries()) {
    const colour = COLOURS[nth % COLOURS.length];
    const points = values.map((value, at) => `${x(counts[at] ?? NaN).toFixed(1)} ${y(value).toFixed(1)}`);
    parts.push(`<path class="curve" stroke="${colour}" d="M${points.join('L')}"/>`);
    for (const point of points) {
      const [cx, cy] = point.split(' ');
      parts.push(`<circle cx="${cx}" cy="${cy}" r="3" fill="${colour}"/>`);
    }
    parts.push(text(east + 10, labels[nth] ?? NaN, name, `style="fill:${colour}"`));
  }
  return parts.join('\n');
}

/** One panel for each unit, both axes logarithmic, as a picture that needs nothing else and brings its own ground. */
export function chartOf(counts: readonly number[], series: readonly Series[]): string {
  const units = [...new Set(series.map(({ unit }) => unit))];
  const panels = units.map((unit, nth) =>
    panel(
      nth * BLOCK,
      unit,
      counts,
      series.filter((one) => one.unit === unit),
    ),
  );
  const width = units.length * BLOCK;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${HEIGHT}" width="${width}" height="${HEIGHT}" role="img" aria-label="${escaped(`What a message and a read cost as the tables grow: ${units.join(', ')}`)}">
<style>
text { font: 12px system-ui, sans-serif; fill: #33373d }
.title { font-weight: 600; font-size: 13px }
.grid { stroke: #dfe3e8; fill: none }
.curve { fill: none; stroke-width: 2; stroke-linejoin: round }
</style>
<rect width="${width}" height="${HEIGHT}" rx="8" fill="#ffffff"/>
${panels.join('\n')}
</svg>
`;
}
