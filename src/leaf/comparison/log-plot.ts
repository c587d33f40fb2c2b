export interface LogPlot {
  readonly title: string;
  readonly x: string;
  readonly y: string;
  readonly series: readonly PlotSeries[];
}

export interface PlotSeries {
  readonly name: string;
  /** Coordinates of more than 0. */
  readonly points: readonly (readonly [x: number, y: number])[];
}

const width = 760;
const height = 420;
const frame = { left: 84, right: 530, top: 48, bottom: 360 } as const;
/** Told apart by people who see few colours, too: M. Okabe and K. Ito, "Color universal design". */
const colours = ['#d55e00', '#e69f00', '#0072b2', '#009e73', '#cc79a7', '#000000'] as const;
const marks = [
  '<circle r="4.5"/>',
  '<rect x="-4" y="-4" width="8" height="8"/>',
  '<path d="M0,-5.5 5.5,4.5 -5.5,4.5Z"/>',
  '<path d="M0,-6 6,0 0,6 -6,0Z"/>',
] as const;

/** Lines and points on two logarithmic axes, as an SVG of its own: black on white, whatever is behind it. */
export function logPlot({ title, x, y, series }: LogPlot): string {
  const points = series.flatMap(each => each.points);
  const across = axis(
    points.map(point => point[0]),
    frame.left,
    frame.right,
  );
  const up = axis(
    points.map(point => point[1]),
    frame.bottom,
    frame.top,
  );
  const middle = { x: (frame.left + frame.right) / 2, y: (frame.top + frame.bottom) / 2 };
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" font-family="Helvetica, Arial, sans-serif" font-size="13">
<title>${escaped(title)}</title>
<rect width="100%" height="100%" fill="#fff"/>
<text x="${frame.left}" y="26" font-size="16">${escaped(title)}</text>
${across.ticks.map(tick => verticalLine(across.place(tick), tick)).join('\n')}
${up.ticks.map(tick => horizontalLine(up.place(tick), tick)).join('\n')}
<rect x="${frame.left}" y="${frame.top}" width="${frame.right - frame.left}" height="${frame.bottom - frame.top}" fill="none" stroke="#444"/>
<text x="${middle.x}" y="${height - 18}" text-anchor="middle">${escaped(x)}</text>
<text transform="translate(20 ${middle.y}) rotate(-90)" text-anchor="middle">${escaped(y)}</text>
${series.map((each, index) => drawn(each, index, across.place, up.place)).join('\n')}
</svg>
`;
}

interface Axis {
  readonly ticks: readonly number[];
  readonly place: (value: number) => number;
}

/** Somewhat longer than what is on it. */
function axis(values: readonly number[], from: number, to: number): Axis {
  const low = Math.log10(Math.min(...values)) - 0.1;
  const high = Math.log10(Math.max(...values)) + 0.1;
  const place = (value: number) => from + ((Math.log10(value) - low) / (high - low)) * (to - from);
  const decades = Array.from(
    { length: Math.ceil(high) - Math.floor(low) + 1 },
    (_, index) => Math.floor(low) + index,
  );
  const within = (tick: number) => Math.log10(tick) >= low && Math.log10(tick) <= high;
  // Fewer where there are many decades.
  const steps = high - low > 2.5 ? [1] : [1, 2, 5];
  const ticks = decades.flatMap(decade => steps.map(step => step * 10 ** decade)).filter(within);
  return { ticks, place };
}

function verticalLine(x: number, value: number): string {
  const at = x.toFixed(1);
  return `<path d="M${at},${frame.top}V${frame.bottom}" stroke="#ddd"/><text x="${at}" y="${frame.bottom + 18}" text-anchor="middle">${numberText(value)}</text>`;
}

function horizontalLine(y: number, value: number): string {
  const at = y.toFixed(1);
  return `<path d="M${frame.left},${at}H${frame.right}" stroke="#ddd"/><text x="${frame.left - 8}" y="${(y + 4).toFixed(1)}" text-anchor="end">${numberText(value)}</text>`;
}

function drawn(
  { name, points }: PlotSeries,
  index: number,
  across: Axis['place'],
  up: Axis['place'],
): string {
  const colour = colours[index % colours.length];
  const mark = marks[index % marks.length];
  const places = points.map(([x, y]) => `${across(x).toFixed(1)},${up(y).toFixed(1)}`);
  const line =
    places.length > 1
      ? `<path d="M${places.join('L')}" fill="none" stroke="${colour}" stroke-width="2"/>`
      : '';
  const dots = places
    .map(place => `<g transform="translate(${place})" fill="${colour}">${mark}</g>`)
    .join('');
  const y = frame.top + 14 + index * 24;
  const legend = `<g transform="translate(${frame.right + 20},${y - 4})" fill="${colour}">${mark}</g><text x="${frame.right + 34}" y="${y}">${escaped(name)}</text>`;
  return `${line}${dots}${legend}`;
}

/** Of a tick. */
function numberText(value: number): string {
  return value >= 1 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(1)));
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
