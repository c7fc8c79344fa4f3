// What is going on.
import { useEffect, useState } from "preact/hooks";
import { follow, get, text } from "./api.js";
import { Card, Empty, Table, Trouble, amount, html, link, useAnswer, when } from "./kit.js";

const sample = (page, name) =>
  page
    .split("\n")
    .filter((line) => line.startsWith(name) && !line.startsWith("#"))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);

export function useStream(account, keep) {
  const [rows, set] = useState([]);
  const [live, connected] = useState(false);
  const [paused, pause] = useState(false);
  useEffect(() => {
    if (paused) return;
    return follow(account, (row) => set((rows) => [row, ...rows].slice(0, keep)), connected);
  }, [account, paused]);
  return { rows, live, paused, pause };
}

export const Stream = ({ rows }) => html`
  <${Table} head=${["Event", "Account", "Type", "Entry"]} label="Events">
    ${rows.map(
      (row) => html`<tr key=${row.seq} class="fresh">
        <td><a href=${link("event", row.event.source ?? "", row.event.id)}>${row.event.id}</a></td>
        <td><a href=${link("accounts", row.account)}>${row.account}</a></td>
        <td>${row.type}</td>
        <td class="soft">${row.seq}</td>
      </tr>`,
    )}
  <//>`;

export function Overview() {
  const numbers = useAnswer(
    async () => {
      const page = await text("/metrics");
      return {
        entries: sample(page, "price_log_durable_entry"),
        repeats: sample(page, 'price_events_total{result="duplicate"}'),
        refused: sample(page, 'price_events_total{result="rejected"}') + sample(page, 'price_events_total{result="conflict"}'),
        ready: sample(page, "price_ready") === 1,
      };
    },
    [],
    2000,
  );
  const plans = useAnswer(() => get("/v1/plans"), [], 10000);
  const invoices = useAnswer(() => get("/v1/invoices?limit=1000"), [], 10000);
  const accounts = useAnswer(() => get("/v1/accounts?limit=8"), [], 10000);
  const stream = useStream(undefined, 8);
  const found = numbers.found ?? {};
  return html`
    <h1>Overview</h1>
    <${Trouble} problem=${numbers.problem} />
    <div class="grid">
      <${Card} title="This server" wide>
        <dl class="figures">
          <div><dt>entries in the log</dt><dd>${amount(found.entries ?? 0)}</dd></div>
          <div><dt>repeats since the start</dt><dd>${amount(found.repeats ?? 0)}</dd></div>
          <div><dt>rejects since the start</dt><dd>${amount(found.refused ?? 0)}</dd></div>
          <div><dt>plans</dt><dd>${new Set(plans.found?.plans.map((plan) => plan.name)).size}</dd></div>
          <div><dt>health</dt><dd><span class=${`tag ${found.ready ? "good" : "bad"}`}>${found.ready ? "ready" : "not ready"}</span></dd></div>
        </dl>
      <//>
      <${Card} title="Events as they come">
        ${stream.rows.length ? html`<${Stream} rows=${stream.rows} />` : html`<${Empty}>${stream.live ? "Listening; nothing came yet." : "Connecting…"}<//>`}
      <//>
      <${Card} title="Accounts">
        <${Trouble} problem=${accounts.problem} />
        ${accounts.found?.accounts.length === 0 && html`<${Empty}>Nobody is on a plan yet.<//>`}
        <ul>${[...new Map(accounts.found?.accounts.map((row) => [row.account, row])).values()].map(
          (row) => html`<li><a href=${link("accounts", row.account)}>${row.account}</a> <span class="soft">on ${row.plan}</span></li>`,
        )}</ul>
        ${accounts.found?.next && html`<a href=${link("accounts")}>all of them</a>`}
      <//>
      <${Card} title="Issued last">
        <${Trouble} problem=${invoices.problem} />
        ${invoices.found?.invoices.length === 0 && html`<${Empty}>No period is closed yet. Drafts are with the accounts.<//>`}
        <ul>${invoices.found?.invoices
          .slice(-6)
          .reverse()
          .map((row) => html`<li><a href=${link("invoices", row.number)}>${row.number}</a> ${row.account}, ${amount(row.total)} ${row.currency}</li>`)}</ul>
      <//>
      <${Card} title="Plans in force">
        <ul>${plans.found?.plans
          .filter((plan) => plan.latest)
          .map((plan) => html`<li><a href=${link("plans", plan.hash)}>${plan.name}</a> <span class="soft">known since ${plan.since}</span></li>`)}</ul>
      <//>
    </div>`;
}
