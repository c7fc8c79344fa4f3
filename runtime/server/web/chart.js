// A balance over the days of a period: a line of steps, with what came and went.
import { amount, html } from "./kit.js";

const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [640, 190, 62, 10, 12, 26];

// Pictures may round: they are read by eye. Amounts beside them are exact text.
const number = (text) => {
  const [top, under] = String(text).split("/");
  return Number(top) / Number(under ?? 1);
};

// The balance at the end of each day, from what moved lots of a balance.
export function steps(balance, ledger, period) {
  const mine = (account) => account.startsWith(`lot ${balance.name} `) || account === `lot ${balance.name}`;
  let level = number(balance.opened);
  const points = [{ day: period.from, level, moved: [] }];
  for (const entry of ledger.filter((entry) => entry.currency === balance.currency)) {
    const sign = mine(entry.credit) ? 1 : mine(entry.debit) ? -1 : 0;
    if (!sign) continue;
    level += sign * number(entry.amount);
    const last = points.at(-1);
    if (last.day === entry.day) last.level = level;
    else points.push({ day: entry.day, level, moved: [] });
    if (entry.kind !== "use") points.at(-1).moved.push(`${entry.kind} ${sign > 0 ? "+" : "−"}${amount(entry.amount)}`);
  }
  return points;
}

const time = (day) => Date.parse(`${day}T00:00:00Z`);

export function Steps({ points, period, today, label, unit }) {
  const end = time(period.until);
  const now = Math.min(Math.max(time(today) + 86400000, time(points.at(-1).day), time(period.from)), end);
  const top = Math.max(...points.map((point) => point.level), 1e-9);
  const x = (at) => LEFT + ((at - time(period.from)) / (end - time(period.from))) * (WIDTH - LEFT - RIGHT);
  const y = (level) => TOP + (1 - Math.max(level, 0) / top) * (HEIGHT - TOP - BOTTOM);
  let path = `M${x(time(points[0].day))} ${y(points[0].level)}`;
  for (const point of points.slice(1)) path += `H${x(time(point.day))}V${y(point.level)}`;
  path += `H${x(now)}`;
  // Behind today it is what comes if nothing changes.
  const ahead = Math.min(now, Math.max(time(today) + 86400000, time(period.from)));
  const last = points.at(-1);
  const short = (value) => new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 }).format(value);
  const said = `${label}: ${short(points[0].level)} at the start, ${short(last.level)} ${unit} ${ahead < now ? "at the end, if nothing changes" : "now"}`;
  return html`
    <svg class="chart" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label=${said}>
      ${[0, 0.5, 1].map(
        (part) => html`<g>
          <line x1=${LEFT} x2=${WIDTH - RIGHT} y1=${y(top * part)} y2=${y(top * part)} stroke="var(--line)" />
          <text x=${LEFT - 6} y=${y(top * part) + 4} text-anchor="end">${short(top * part)}</text>
        </g>`,
      )}
      <path d="${path}V${y(0)}H${x(time(points[0].day))}Z" fill="var(--accent)" opacity=".12" />
      <clipPath id="known"><rect x="0" y="0" width=${x(ahead)} height=${HEIGHT} /></clipPath>
      <clipPath id="ahead"><rect x=${x(ahead)} y="0" width=${WIDTH} height=${HEIGHT} /></clipPath>
      <path d=${path} fill="none" stroke="var(--accent)" stroke-width="2" clip-path="url(#known)" />
      <path d=${path} fill="none" stroke="var(--accent)" stroke-width="2" stroke-dasharray="2 4" clip-path="url(#ahead)" />
      ${points
        .filter((point) => point.moved.length)
        .map(
          (point) => html`<circle cx=${x(time(point.day))} cy=${y(point.level)} r="4" fill="var(--accent)">
            <title>${point.day}: ${point.moved.join(", ")}</title>
          </circle>`,
        )}
      <text x=${LEFT} y=${HEIGHT - 8}>${period.from}</text>
      <text x=${WIDTH - RIGHT} y=${HEIGHT - 8} text-anchor="end">${period.until}</text>
    </svg>`;
}
