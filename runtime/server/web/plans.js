// Plans, their versions, and what changed between two of them.
import { get } from "./api.js";
import { Card, Empty, Rule, Table, Trouble, amount, html, link, useAnswer } from "./kit.js";

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

export function Plan({ hash }) {
  const { found, problem } = useAnswer(async () => {
    const [now, all] = await Promise.all([get(`/v1/plans/${hash}`), get("/v1/plans")]);
    const versions = all.plans.filter((plan) => plan.name === now.name).sort((a, b) => a.seq - b.seq);
    const at = versions.findIndex((plan) => plan.hash === hash);
    const before = at > 0 ? await get(`/v1/plans/${versions[at - 1].hash}`) : null;
    return { now, before, versions };
  }, [hash]);
  const { now, before, versions } = found ?? {};
  const came = before && now.rules.filter((rule) => !before.rules.some((other) => same(rule, other)));
  const went = before && before.rules.filter((rule) => !now.rules.some((other) => same(rule, other)));
  return html`
    <h1>${now?.name} <small class="mono">${hash.slice(0, 12)}</small></h1>
    <${Trouble} problem=${problem} />
    ${now &&
    html`<div class="grid">
      <${Card} title="Versions">
        <ul>${versions.map((plan) => html`<li>${plan.hash === hash ? html`<strong>${plan.since}</strong>` : html`<a href=${link("plans", plan.hash)}>${plan.since}</a>`} <span class="soft">entry ${plan.seq}${plan.signer ? `, signed by ${plan.signer}` : ""}${plan.latest ? ", in force" : ""}</span></li>`)}</ul>
      <//>
      ${before &&
      html`<${Card} title="What changed">
        ${came.length + went.length === 0 && html`<${Empty}>No rule changed.<//>`}
        <div class="diff">${went.map((rule) => html`<pre class="minus">− ${rule.excerpt}</pre>`)}${came.map((rule) => html`<pre class="plus">+ ${rule.excerpt}</pre>`)}</div>
      <//>`}
      <${Card} title="Rules, as they are written" wide>
        ${now.rules.map((rule) => html`<div><${Rule} rule=${rule} /><pre class="rule">${rule.excerpt}</pre></div>`)}
      <//>
    </div>`}`;
}
