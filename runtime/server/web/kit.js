// Small parts that all views use.
import { h } from "preact";
import { useCallback, useEffect, useState } from "preact/hooks";
import htm from "htm";
import { blob } from "./api.js";

export const html = htm.bind(h);

// Numbers come as exact text, and stay text: only their digits are put in groups.
export const amount = (text) => {
  if (text === null || text === undefined) return "";
  const parts = /^(-?)(\d+)\/(\d+)$/.exec(String(text));
  // A decimal that does not end is cut, and marked as cut.
  if (parts) {
    const cut = (BigInt(parts[2]) * 1000000n) / BigInt(parts[3]);
    return `${amount(`${parts[1]}${cut / 1000000n}.${String(cut % 1000000n).padStart(6, "0")}`)}…`;
  }
  const [, sign, whole, rest] = /^(-?)(\d+)(.*)$/s.exec(String(text)) ?? [];
  return whole === undefined ? String(text) : `${sign ? "−" : ""}${whole.replace(/\B(?=(\d{3})+$)/g, ",")}${rest}`;
};
export const words = (name) => String(name).replaceAll("_", " ");
export const when = (time) => String(time).replace("T", " ").replace(/(\.\d+)?Z$/, " UTC");
export const days = ({ from, until }) => {
  const last = new Date(`${until}T00:00:00Z`);
  last.setUTCDate(last.getUTCDate() - 1);
  const shown = last.toISOString().slice(0, 10);
  return from === shown ? from : `${from} to ${shown}`;
};
export const link = (...parts) => `#/${parts.map(encodeURIComponent).join("/")}`;

// What a question found; asked again every few seconds, if so wished, and when it is told to.
export function useAnswer(ask, keys, every) {
  const [state, set] = useState({});
  const [turn, next] = useState(0);
  useEffect(() => {
    let gone = false;
    const go = () =>
      ask()
        .then((found) => !gone && set({ found }))
        .catch((problem) => !gone && set((old) => ({ found: old.found, problem })));
    go();
    const timer = every && setInterval(() => document.hidden || go(), every);
    return () => {
      gone = true;
      clearInterval(timer);
    };
  }, [...keys, turn]);
  return { ...state, again: useCallback(() => next((turn) => turn + 1), []) };
}

export const Trouble = ({ problem }) =>
  problem &&
  html`<p class="problem" role="alert"><strong>${problem.title}</strong>${problem.code && html` <span class="soft">(${problem.code})</span>`}<br />${said(problem.message)}</p>`;

// Saves what an address gives: with the key of this tab, which a link would not send.
export function Save({ path, as, children }) {
  const [failed, setFailed] = useState(undefined);
  const save = async () => {
    try {
      const address = URL.createObjectURL(await blob(path));
      Object.assign(document.createElement("a"), { href: address, download: as }).click();
      setTimeout(() => URL.revokeObjectURL(address), 10000);
      setFailed(undefined);
    } catch (problem) {
      setFailed(problem);
    }
  };
  return html`<button type="button" onClick=${save}>${children}</button><${Trouble} problem=${failed} />`;
}

export const Card = ({ title, wide, children, id }) =>
  html`<section class=${`card${wide ? " wide" : ""}`} aria-label=${title} id=${id}><h2>${title}</h2>${children}</section>`;

// A message with its names set off.
export const said = (text) => String(text).split("`").map((part, at) => (at % 2 ? html`<code>${part}</code>` : part));

export const Empty = ({ children }) => html`<p class="empty">${children}</p>`;

// Without rows it is not there.
const some = (children) => [children].flat(Infinity).some(Boolean);

export const Table = ({ head, children, label }) => some(children) && html`
  <div class="scroll" tabindex="0" role="region" aria-label=${label}>
    <table>
      <thead><tr>${head.map((name) => html`<th scope="col" class=${name.startsWith(">") ? "num" : ""}>${name.replace(/^>/, "")}</th>`)}</tr></thead>
      <tbody>${children}</tbody>
    </table>
  </div>`;

export const Rule = ({ rule }) =>
  rule?.file && html`<span class="small soft mono" title=${rule.title}>${rule.file}:${rule.line}</span>`;
