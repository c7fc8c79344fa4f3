// The contract as it is written, beside what it charges, and what changed in it.
import { structuredPatch } from "diff";
import { useEffect, useRef, useState } from "preact/hooks";
import { get } from "./api.js";
import { Empty, html, link, useAnswer } from "./kit.js";

// Lines around a rule that can be scrolled to; of a change, those that stand around it; and the most of one.
const [AROUND, CONTEXT, CHANGED] = [40, 3, 2000];

const lines = (text) => text.replace(/\n$/, "").split(/\r?\n/);

// A version of a plan with its files, where it was published with them. It does not change: asked for once.
const known = new Map();
export function version(hash) {
  if (!known.has(hash)) {
    const ask = async () => {
      const rules = await get(`/v1/plans/${hash}`);
      const files = rules.source ? (await get(`/v1/plans/${hash}/source`)).files : [];
      return { ...rules, files: files.map((file) => ({ name: file.file, text: file.text, lines: lines(file.text) })) };
    };
    const asked = ask();
    known.set(hash, asked);
    // The same plan may be published again, with its source.
    asked.then((found) => found.source || known.delete(hash), () => known.delete(hash));
  }
  return known.get(hash);
}

// A line without the comment behind it.
const bare = (line) => /^(?:[^"#]|"(?:\\.|[^"\\])*")*/.exec(line)[0];

// Lines of a rule, from 0: where its excerpt stands, nearest to the line that was said, to the end of its block.
function locate(file, rule) {
  const said = lines(rule.excerpt ?? "").map((line) => line.trim());
  const fits = (at) => said.every((text, by) => !text || file.lines[at + by]?.trim().startsWith(text));
  const begin = rule.line - 1;
  let from = -1;
  for (let off = 0; off < file.lines.length && from < 0; off++) {
    from = [begin - off, begin + off].find((at) => at >= 0 && at < file.lines.length && fits(at)) ?? -1;
  }
  if (from < 0) return null;
  let [until, open] = [from, 0];
  do {
    const line = bare(file.lines[until]).trim();
    open += line.endsWith("{") ? 1 : line === "}" ? -1 : 0;
    until++;
  } while (until < file.lines.length && (open > 0 || until < from + said.length));
  return { from, until };
}

const Line = ({ text, number }) => {
  const code = bare(text);
  return html`<span class="l" data-line=${number}>${code}${code.length < text.length && html`<i>${text.slice(code.length)}</i>`}${"\n"}</span>`;
};

// Lines of a file with those of a rule marked, scrolled to it.
function Code({ file, at, from = 0, until = file.lines.length, tall }) {
  const box = useRef();
  useEffect(() => {
    const mark = box.current?.querySelector("mark");
    if (mark) box.current.scrollTop = mark.offsetTop - 60;
  }, [file, at?.from]);
  const part = (a, b) => file.lines.slice(a, b).map((text, by) => html`<${Line} text=${text} number=${a + by + 1} />`);
  const what = at ? `${file.name}, line ${at.from + 1}${at.until > at.from + 1 ? ` to ${at.until}` : ""}` : file.name;
  return html`<pre class=${`code${tall ? " tall" : ""}`} ref=${box} tabindex="0" role="region" aria-label=${what}>${
    at ? html`${part(from, at.from)}<mark>${part(at.from, at.until)}</mark>${part(at.until, until)}` : part(from, until)
  }</pre>`;
}

const place = (hash, rule) => link("plans", hash, rule.file, String(rule.line));

// A rule with the lines around it.
export function Source({ hash, rule }) {
  const { found, problem } = useAnswer(() => version(hash), [hash]);
  if (!rule?.file || (!found && !problem)) return null;
  const same = (other) => other.file === rule.file && other.line === rule.line;
  const whole = { ...found?.rules.find(same), ...rule };
  const file = found?.files.find((of) => of.name === rule.file);
  const at = file && locate(file, whole);
  if (!at) {
    return html`${whole.excerpt && html`<pre class="rule"><mark>${whole.excerpt}</mark></pre>`}
      <p class="small soft"><span class="mono">${rule.file}:${rule.line}</span>${found && !found.source && ", published without the text around it"}</p>`;
  }
  return html`
    <${Code} file=${file} at=${at} from=${Math.max(0, at.from - AROUND)} until=${Math.min(file.lines.length, at.until + AROUND)} />
    <p class="small"><a href=${place(hash, rule)}><span class="mono">${rule.file}:${at.from + 1}</span>, the whole file</a></p>`;
}

// Where a rule stands, which shows it there when it is pressed.
export const Opener = ({ rule, open, set }) =>
  html`<button class="place" aria-expanded=${open} title=${rule.title} onClick=${() => set(!open)}>${rule.file}:${rule.line}</button>`;

// The files of a version, with a rule of one of them.
export function Files({ of, file, line }) {
  const [own, choose] = useState(undefined);
  const wanted = own ?? file ?? of.rules[0]?.file;
  const shown = of.files.find((one) => one.name === wanted) ?? of.files[0];
  const rule = of.rules.find((rule) => rule.file === shown.name && String(rule.line) === line);
  const at = shown.name === file && line ? locate(shown, rule ?? { line: Number(line) }) : undefined;
  const top = useRef();
  useEffect(() => choose(undefined), [file, line]);
  useEffect(() => {
    // A move begins at the top of the page; what was asked for is here.
    if (line) requestAnimationFrame(() => top.current?.scrollIntoView({ block: "nearest" }));
  }, [file, line]);
  return html`<div ref=${top}>
    ${
      of.files.length > 1
        ? html`<div class="row"><label>File<select value=${shown.name} onChange=${(event) => choose(event.target.value)}>
            ${of.files.map((one) => html`<option value=${one.name}>${one.name}</option>`)}</select></label></div>`
        : html`<p class="small soft mono">${shown.name}</p>`
    }
    <${Code} file=${shown} at=${at} tall />
  </div>`;
}

// What changed from one version to another, line by line.
export function Changes({ before, now }) {
  const names = [...new Set([...before.files, ...now.files].map((file) => file.name))].sort();
  const text = (of, name) => of.files.find((file) => file.name === name)?.text ?? "";
  const patches = names.map((name) => {
    const [a, b] = [text(before, name), text(now, name)];
    return { name, patch: a === b ? null : structuredPatch(name, name, a, b, "", "", { context: CONTEXT, timeout: 2000 }) };
  });
  const changed = patches.filter((of) => of.patch !== null);
  if (!changed.length) return html`<${Empty}>Not a line of the source.<//>`;
  return changed.map(({ name, patch }) => {
    const all = patch?.hunks.flatMap((hunk) => [`@@ line ${hunk.newStart}`, ...hunk.lines.filter((line) => !line.startsWith("\\"))]);
    const kind = { "+": "plus", "-": "minus", "@": "hunk" };
    const shown = all?.slice(0, CHANGED).map((line) => {
      const sign = line[0] === "-" ? "−" : line[0];
      return html`<span class=${`l ${kind[line[0]] ?? ""}`}>${line[0] === "@" ? line.slice(3) : `${sign} ${line.slice(1)}`}${"\n"}</span>`;
    });
    return html`<h3 class="mono">${name}</h3>
      ${shown ? html`<pre class="code diff" tabindex="0" role="region" aria-label=${`Changes of ${name}`}>${shown}</pre>` : html`<${Empty}>It has too little in common to say what changed.<//>`}
      ${all?.length > CHANGED && html`<p class="small soft">${all.length - CHANGED} more lines changed.</p>`}`;
  });
}
