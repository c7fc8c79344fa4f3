// Plans, their versions, and what changed between two of them.
import { useState } from "preact/hooks";
import { get } from "./api.js";
import { Card, Empty, Rule, Table, Trouble, amount, html, link, useAnswer } from "./kit.js";
import { Changes, Files, version } from "./source.js";

export function Plans() {
  const { found, problem } = useAnswer(() => get("/v1/plans"), [], 5000);
  return html`
    <h1>Plans</h1>
    <${Trouble} problem=${problem} />
    <${Card} title="All versions">
      ${found?.plans.length === 0 && html`<${Empty}>No plan is published yet: price build, then POST /v1/plans.<//>`}
      <${Table} head=${["Plan", "Known since", "Entry", "Meaning", "Signed by", ""]} label="Plans">
        ${found?.plans.map(
          (plan) => html`<tr>
            <td><a href=${link("plans", plan.hash)}>${plan.name}</a></td><td>${plan.since}</td><td>${amount(plan.seq)}</td>
            <td class="mono small">${plan.hash.slice(0, 12)}</td><td>${plan.signer}</td><td>${plan.latest && html`<span class="tag good">in force</span>`}</td>
          </tr>`,
        )}
      <//>
    <//>`;
}

const same = (a, b) => a.title === b.title && a.within === b.within && a.excerpt === b.excerpt;

// Rules that came and went, where the source of one of the two is not known.
const Rules = ({ before, now }) => {
  const came = now.rules.filter((rule) => !before.rules.some((other) => same(rule, other)));
  const went = before.rules.filter((rule) => !now.rules.some((other) => same(rule, other)));
  return html`
    ${came.length + went.length === 0 && html`<${Empty}>No rule changed.<//>`}
    <div class="diff">${went.map((rule) => html`<pre class="minus">− ${rule.excerpt}</pre>`)}${came.map((rule) => html`<pre class="plus">+ ${rule.excerpt}</pre>`)}</div>`;
};

function Compared({ now, others }) {
  const [other, choose] = useState(others.at(-1).hash);
  const { found, problem } = useAnswer(() => version(other), [other]);
  return html`<${Card} title="What changed" wide>
    <div class="row"><label>Since the version of<select value=${other} onChange=${(event) => choose(event.target.value)}>
      ${others.map((plan) => html`<option value=${plan.hash}>${plan.since}, entry ${plan.seq}</option>`)}
    </select></label></div>
    <${Trouble} problem=${problem} />
    ${found && (found.source && now.source ? html`<${Changes} before=${found} now=${now} />` : html`<${Rules} before=${found} now=${now} />`)}
  <//>`;
}

export function Plan({ hash, file, line }) {
  const { found, problem } = useAnswer(async () => {
    const [now, all] = await Promise.all([version(hash), get("/v1/plans")]);
    const versions = all.plans.filter((plan) => plan.name === now.name).sort((a, b) => a.seq - b.seq);
    const before = versions.slice(0, versions.findLastIndex((plan) => plan.hash === hash));
    // A version that was published several times is one to compare with.
    const others = before.filter((plan, at) => plan.hash !== hash && before.findLastIndex((of) => of.hash === plan.hash) === at);
    return { now, versions, others };
  }, [hash]);
  const { now, versions, others } = found ?? {};
  const here = (rule) => rule.file === file && String(rule.line) === line;
  const changed = others?.length > 0 && html`<${Compared} now=${now} others=${others} />`;
  const written =
    now &&
    (now.source
      ? html`<${Card} title="As it is written" wide><div class="sides">
          <ul class="rules" aria-label="Rules">${now.rules.map((rule) => html`<li><a href=${link("plans", hash, rule.file, String(rule.line))} aria-current=${here(rule) ? "true" : undefined}>${rule.title}</a> <${Rule} rule=${rule} /></li>`)}</ul>
          <${Files} of=${now} file=${file} line=${line} />
        </div><//>`
      : html`<${Card} title="Rules, as they are written" wide>
          ${now.rules.map((rule) => html`<div><${Rule} rule=${rule} /><pre class="rule">${rule.excerpt}</pre></div>`)}
        <//>`);
  return html`
    <h1>${now?.name} <small class="mono">${hash.slice(0, 12)}</small></h1>
    <${Trouble} problem=${problem} />
    ${now &&
    html`<div class="grid">
      <${Card} title="Versions" wide>
        <ul>${versions.map((plan) => html`<li>${plan.hash === hash ? html`<strong>${plan.since}</strong>` : html`<a href=${link("plans", plan.hash)}>${plan.since}</a>`} <span class="soft">entry ${plan.seq}${plan.signer ? `, signed by ${plan.signer}` : ""}${plan.latest ? ", in force" : ""}</span></li>`)}</ul>
      <//>
      ${line ? [written, changed] : [changed, written]}
    </div>`}`;
}
