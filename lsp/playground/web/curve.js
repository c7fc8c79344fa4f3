// Curves of a price as SVG.

const NS = "http://www.w3.org/2000/svg";
const WIDTH = 520;
const HEIGHT = 300;
const EDGE = { left: 84, right: 12, top: 14, bottom: 40 };

function element(name, attributes, text) {
  const made = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

/** A number with few digits: 12.5k. */
export function short(value) {
  const size = Math.abs(value);
  const [scaled, suffix] = size >= 1e9 ? [value / 1e9, "bn"] : size >= 1e6 ? [value / 1e6, "M"] : size >= 1e4 ? [value / 1e3, "k"] : [value, ""];
  return `${Number(scaled.toPrecision(4))}${suffix}`;
}

/** Round numbers from one to another, about as many as asked for. */
function ticks(from, to, about) {
  const raw = (to - from) / about || 1;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((one) => one >= raw) ?? raw;
  const all = [];
  for (let at = Math.ceil(from / step) * step; at <= to + step / 1e6; at += step) all.push(at);
  return all;
}

/** The picture of what `price/curve` answers; a text where there is none. */
export function drawCurves(chart) {
  if (!chart || chart.curves.length === 0) return document.createTextNode("This price has no curve.");
  const curves = chart.curves.slice(0, 6).map((curve) => ({ ...curve, points: curve.points.map(([q, total]) => [Number(q), Number(total)]) }));
  const endOf = Math.max(...curves.map((curve) => curve.points.at(-1)[0]), 1);
  // Every curve goes on to the right edge.
  for (const curve of curves) {
    const last = curve.points.at(-1);
    const slope = Number(curve.pieces.at(-1)?.slope ?? 0);
    if (last[0] < endOf) curve.points.push([endOf, last[1] + slope * (endOf - last[0])]);
  }
  const totals = curves.flatMap((curve) => curve.points.map(([, total]) => total));
  const low = Math.min(0, ...totals);
  const high = Math.max(1e-9, ...totals) * 1.05;
  const x = (q) => EDGE.left + (q / endOf) * (WIDTH - EDGE.left - EDGE.right);
  const y = (total) => HEIGHT - EDGE.bottom - ((total - low) / (high - low)) * (HEIGHT - EDGE.top - EDGE.bottom);
  const label = `${chart.name}: total in ${chart.currency} against ${chart.unit || "quantity"}`;
  const svg = element("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": label });
  for (const total of ticks(low, high, 5)) {
    svg.append(element("line", { class: "grid", x1: EDGE.left, x2: WIDTH - EDGE.right, y1: y(total), y2: y(total) }));
    svg.append(element("text", { x: EDGE.left - 6, y: y(total) + 4, "text-anchor": "end" }, short(total)));
  }
  for (const q of ticks(0, endOf, 5)) {
    const anchor = x(q) > WIDTH - EDGE.right - 20 ? "end" : "middle";
    svg.append(element("text", { x: x(q), y: HEIGHT - EDGE.bottom + 18, "text-anchor": anchor }, short(q)));
  }
  svg.append(element("text", { x: (EDGE.left + WIDTH) / 2, y: HEIGHT - 4, "text-anchor": "middle" }, chart.unit));
  svg.append(element("text", { x: 4, y: EDGE.top + 4 }, chart.currency));
  curves.forEach((curve, at) => {
    const group = element("g", { class: `curve c${at}` });
    let path = "";
    curve.points.forEach(([q, total], place) => {
      const before = curve.points[place - 1];
      const jump = before && before[0] === q && before[1] !== total && place > 1;
      if (jump) group.append(element("line", { class: "jump", x1: x(q), x2: x(q), y1: y(before[1]), y2: y(total) }));
      path += `${place === 0 || jump ? "M" : "L"}${x(q).toFixed(1)} ${y(total).toFixed(1)}`;
    });
    group.prepend(element("path", { d: path }));
    for (const piece of curve.pieces.slice(1)) {
      group.append(element("circle", { cx: x(Number(piece.from)), cy: y(Number(piece.value)), r: 3 }));
    }
    svg.append(group);
  });
  const box = document.createElement("div");
  box.append(svg);
  if (curves.length > 1) {
    const legend = document.createElement("ul");
    legend.className = "legend";
    curves.forEach((curve, at) => {
      const row = document.createElement("li");
      row.className = `c${at}`;
      row.textContent = curve.title || chart.name;
      legend.append(row);
    });
    box.append(legend);
  }
  return box;
}
