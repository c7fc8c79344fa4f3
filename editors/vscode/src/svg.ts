// A price as a picture: no editor, no scripts, only text in and text out.

import type { Chart, Curve } from './protocol';

const WIDTH = 760;
const HEIGHT = 420;
const LEFT = 76;
const RIGHT = 24;
const TOP = 20;
const BOTTOM = 52;
/** Curves that can be told apart; more are drawn, with colours and shapes again from the start. */
const STYLES = 6;

/** Text inside of markup. */
export function escape(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

/** A decimal with narrow spaces between thousands. */
export function grouped(decimal: string): string {
  const [, sign = '', whole = '', rest = ''] = /^(-?)(\d+)(.*)$/.exec(decimal) ?? [];
  if (whole === '') return decimal;
  return sign + whole.replace(/\B(?=(\d{3})+$)/g, '\u202f') + rest;
}

/** A number for an axis, with the suffixes of the language. */
export function short(value: number): string {
  for (const [size, suffix] of [[1e9, 'bn'], [1e6, 'M'], [1e3, 'k']] as const) {
    if (Math.abs(value) >= size) return `${trimmed(value / size)}${suffix}`;
  }
  return trimmed(value);
}

function trimmed(value: number): string {
  return String(Number(value.toPrecision(6)));
}

/** Round numbers from the first to the last, about as many as wanted. */
export function ticks(first: number, last: number, wanted: number): number[] {
  const raw = (last - first) / wanted;
  if (!(raw > 0) || !Number.isFinite(raw)) return [first];
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= raw * 0.999) ?? 10) * power;
  const found: number[] = [];
  for (let at = Math.ceil(first / step - 1e-9); at * step <= last * (1 + 1e-9) + step * 1e-9; at += 1) {
    found.push(Number((at * step).toPrecision(12)));
  }
  return found;
}

interface Scale {
  x(quantity: number): number;
  y(total: number): number;
}

/** A sign for an edge: the same shape for all of a curve. */
function dot(style: number, x: number, y: number, hollow: boolean, title: string): string {
  const kind = `${hollow ? 'hollow' : 'dot'} c${style}`;
  const says = `<title>${escape(title)}</title>`;
  const r = 4.5;
  const at = (dx: number, dy: number) => `${near(x + dx)},${near(y + dy)}`;
  switch (style) {
    case 1:
      return `<rect class="${kind}" x="${near(x - 4)}" y="${near(y - 4)}" width="8" height="8">${says}</rect>`;
    case 2:
      return `<polygon class="${kind}" points="${at(0, -6)} ${at(6, 0)} ${at(0, 6)} ${at(-6, 0)}">${says}</polygon>`;
    case 3:
      return `<polygon class="${kind}" points="${at(0, -5.5)} ${at(5.5, 4.5)} ${at(-5.5, 4.5)}">${says}</polygon>`;
    case 4:
      return `<polygon class="${kind}" points="${at(0, 5.5)} ${at(5.5, -4.5)} ${at(-5.5, -4.5)}">${says}</polygon>`;
    case 5:
      return `<rect class="${kind}" x="${near(x - 2.5)}" y="${near(y - 6)}" width="5" height="12">${says}</rect>`;
    default:
      return `<circle class="${kind}" cx="${near(x)}" cy="${near(y)}" r="${r}">${says}</circle>`;
  }
}

function near(value: number): string {
  return String(Number(value.toFixed(2)));
}

/** Lines, jumps and dots of one curve. */
function drawn(curve: Curve, style: number, chart: Chart, scale: Scale): string {
  const points = curve.points.map(([x, y]) => ({ x: Number(x), y: Number(y), quantity: x, total: y }));
  let line = '';
  let jumps = '';
  points.forEach((point, index) => {
    const before = points[index - 1];
    const here = `${near(scale.x(point.x))},${near(scale.y(point.y))}`;
    const jump = before !== undefined && before.x === point.x && before.y !== point.y;
    if (jump) jumps += `M${near(scale.x(before.x))},${near(scale.y(before.y))}L${here}`;
    line += `${before === undefined || jump ? 'M' : 'L'}${here}`;
  });
  const parts = [`<path class="line c${style}" d="${line}"/>`];
  if (jumps !== '') parts.push(`<path class="jump c${style}" d="${jumps}"/>`);
  const edges = new Set(curve.pieces.slice(1).map((piece) => Number(piece.from)));
  if (points.some((point, index) => index > 0 && point.x === 0)) edges.add(0);
  for (const edge of edges) {
    const [first, ...others] = points.filter((point) => point.x === edge);
    const last = others.at(-1);
    if (first === undefined) continue;
    const place = `${grouped(first.quantity)} ${chart.unit}`;
    // An edge belongs to the piece below it.
    if (last !== undefined && last.y !== first.y) {
      const above = `just above ${place}: ${grouped(last.total)} ${chart.currency}`;
      parts.push(dot(style, scale.x(edge), scale.y(last.y), true, above));
    }
    const here = `${place}: ${grouped(first.total)} ${chart.currency}`;
    parts.push(dot(style, scale.x(edge), scale.y(first.y), false, here));
  }
  return `<g>${parts.join('')}</g>`;
}

/** The curves of a price as one picture. */
export function svg(chart: Chart): string {
  const all = chart.curves.flatMap((curve) => curve.points.map(([x, y]) => [Number(x), Number(y)] as const));
  const right = Math.max(...all.map(([x]) => x), 0) || 1;
  const low = Math.min(...all.map(([, y]) => y), 0);
  const high = Math.max(...all.map(([, y]) => y), 0);
  const wanted = ticks(low, high > low ? high : low + 1, 6);
  const step = wanted.length > 1 ? (wanted[1] as number) - (wanted[0] as number) : 1;
  const bottom = Math.floor(low / step + 1e-9) * step;
  const top = Math.max(Math.ceil(high / step - 1e-9) * step, bottom + step);
  const scale: Scale = {
    x: (quantity) => LEFT + (quantity / right) * (WIDTH - LEFT - RIGHT),
    y: (total) => HEIGHT - BOTTOM - ((total - bottom) / (top - bottom)) * (HEIGHT - TOP - BOTTOM),
  };
  const parts: string[] = [];
  for (const total of ticks(bottom, top, 6)) {
    const y = near(scale.y(total));
    parts.push(`<line class="grid" x1="${LEFT}" y1="${y}" x2="${WIDTH - RIGHT}" y2="${y}"/>`);
    parts.push(`<text class="tick" x="${LEFT - 8}" y="${y}" dy="0.32em" text-anchor="end">${short(total)}</text>`);
  }
  for (const quantity of ticks(0, right, 7)) {
    const x = near(scale.x(quantity));
    parts.push(`<line class="axis" x1="${x}" y1="${HEIGHT - BOTTOM}" x2="${x}" y2="${HEIGHT - BOTTOM + 5}"/>`);
    parts.push(`<text class="tick" x="${x}" y="${HEIGHT - BOTTOM + 19}" text-anchor="middle">${short(quantity)}</text>`);
  }
  const zero = near(scale.y(Math.max(bottom, 0)));
  parts.push(`<line class="axis" x1="${LEFT}" y1="${zero}" x2="${WIDTH - RIGHT}" y2="${zero}"/>`);
  parts.push(`<line class="axis" x1="${LEFT}" y1="${TOP}" x2="${LEFT}" y2="${HEIGHT - BOTTOM}"/>`);
  const middle = (LEFT + WIDTH - RIGHT) / 2;
  parts.push(`<text class="name" x="${middle}" y="${HEIGHT - 8}" text-anchor="middle">${escape(chart.unit)}</text>`);
  const centre = (TOP + HEIGHT - BOTTOM) / 2;
  const turned = `transform="rotate(-90 14 ${centre})"`;
  parts.push(`<text class="name" x="14" y="${centre}" dy="0.32em" text-anchor="middle" ${turned}>${escape(chart.currency)}</text>`);
  chart.curves.forEach((curve, index) => parts.push(drawn(curve, index % STYLES, chart, scale)));
  const label = escape(`What ${chart.name} costs in ${chart.currency} by ${chart.unit || 'quantity'}`);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${label}">${parts.join('')}</svg>`;
}

/** Whether a name for the curve would only say that of the price again. */
function alone(chart: Chart): boolean {
  return chart.curves.length === 1 && chart.curves[0]?.title === '';
}

function legend(chart: Chart): string {
  if (alone(chart)) return '';
  const items = chart.curves.map((curve, index) => {
    const style = index % STYLES;
    const sign = `<svg viewBox="0 0 28 14" aria-hidden="true"><path class="line c${style}" d="M1,7L27,7"/>${dot(style, 14, 7, false, '')}</svg>`;
    return `<li>${sign}${escape(curve.title || chart.name)}</li>`;
  });
  return `<ul class="legend">${items.join('')}</ul>`;
}

function tables(chart: Chart): string {
  return chart.curves
    .map((curve) => {
      const rows = curve.pieces.map(
        (piece) =>
          `<tr><td>${escape(grouped(piece.from))}</td><td>${escape(grouped(piece.value))}</td><td>${escape(grouped(piece.slope))}</td></tr>`,
      );
      const nothing =
        curve.pieces[0]?.value === curve.atZero ? '' : `<p>No usage costs ${escape(grouped(curve.atZero))}.</p>`;
      const head = `<tr><th>above (${escape(chart.unit)})</th><th>total (${escape(chart.currency)})</th><th>each more</th></tr>`;
      const caption = alone(chart) ? '' : `<caption>${escape(curve.title || chart.name)}</caption>`;
      return `<table>${caption}<thead>${head}</thead><tbody>${rows.join('')}</tbody></table>${nothing}`;
    })
    .join('');
}

function bounds(chart: Chart): string {
  const said = (chart.bounds ?? []).map((bound) => escape(bound)).join(', ');
  return said === '' ? '' : `<p><strong>Whatever is used: ${said}.</strong> The curve is drawn without that.</p>`;
}

/** What the signs mean, as far as there are any. */
function note(chart: Chart): string {
  const edges = chart.curves.some((curve) => curve.pieces.length > 1);
  const jumps = chart.curves.some(({ points }) => points.some(([x, y], at) => points[at - 1]?.[0] === x && points[at - 1]?.[1] !== y));
  const jump = 'A dashed line is a jump: the full dot is what is paid at the edge itself, the empty one what is paid just above it.';
  const said = [...(edges ? ['Dots are the edges of tiers.'] : []), ...(jumps ? [jump] : [])];
  return said.length === 0 ? '' : `<p class="note">${said.join(' ')}</p>`;
}

const COLOURS = ['blue', 'orange', 'green', 'purple', 'red', 'yellow'];

const STYLE = `
body { color: var(--vscode-foreground); font-family: var(--vscode-font-family); font-size: var(--vscode-font-size); padding: 0 16px 16px; }
h1 { font-size: 1.3em; font-weight: 600; }
main > svg { display: block; width: 100%; max-width: 900px; height: auto; }
text { fill: var(--vscode-foreground); font-size: 12px; }
.tick { opacity: 0.8; font-variant-numeric: tabular-nums; }
.name { font-weight: 600; }
.axis { stroke: var(--vscode-foreground); stroke-opacity: 0.6; }
.grid { stroke: var(--vscode-charts-lines, var(--vscode-foreground)); stroke-opacity: 0.25; }
.line, .jump { fill: none; stroke-width: 2; }
.jump { stroke-dasharray: 4 4; stroke-width: 1.5; }
.hollow { fill: var(--vscode-editor-background); stroke-width: 1.5; }
.legend { list-style: none; padding: 0; display: flex; flex-wrap: wrap; gap: 4px 20px; }
.legend svg { width: 28px; height: 14px; margin-right: 8px; vertical-align: -2px; }
table { border-collapse: collapse; margin: 16px 0; font-variant-numeric: tabular-nums; }
caption { text-align: left; font-weight: 600; padding-bottom: 4px; }
th, td { text-align: right; padding: 3px 12px; border-bottom: 1px solid var(--vscode-editorWidget-border, var(--vscode-foreground)); }
th { font-weight: 600; }
.note { opacity: 0.85; }
${COLOURS.map(
  (colour, index) =>
    `.line.c${index}, .jump.c${index}, .hollow.c${index} { stroke: var(--vscode-charts-${colour}); } .dot.c${index} { fill: var(--vscode-charts-${colour}); }`,
).join('\n')}
`;

/** The whole page; the nonce lets in its own style and nothing else. */
export function page(chart: Chart, nonce: string): string {
  const body =
    chart.curves.length === 0
      ? '<p class="note">This price is not made of straight pieces of one quantity, so there is nothing to draw.</p>'
      : `${svg(chart)}${legend(chart)}${bounds(chart)}${note(chart)}${tables(chart)}`;
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'nonce-${nonce}'">
<title>${escape(chart.name)}</title>
<style nonce="${nonce}">${STYLE}</style>
</head>
<body><main>
<h1>${escape(chart.name)}</h1>
${body}
</main></body>
</html>
`;
}
