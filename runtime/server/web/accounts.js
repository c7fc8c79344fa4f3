// Accounts, and what one of them owes, has and may do.
import { useState } from "preact/hooks";
import { get, query } from "./api.js";
import { Steps, steps } from "./chart.js";
import { Card, Empty, Save, Table, Trouble, amount, days, html, link, useAnswer, when, words } from "./kit.js";
import { Opener, Source } from "./source.js";

export function Accounts() {
  const [prefix, setPrefix] = useState("");
  const [cursor, setCursor] = useState(undefined);
  const page = useAnswer(() => get(`/v1/accounts${query({ prefix, cursor, limit: 100 })}`), [prefix, cursor]);
  return html`
    <h1>Accounts</h1>
    <form class="row" role="search" onSubmit=${(event) => event.preventDefault()}>
      <label>Name begins with
        <input type="search" value=${prefix} onInput=${(event) => (setPrefix(event.target.value), setCursor(undefined))} />
      </label>
    </form>
    <${Trouble} problem=${page.problem} />
    <${Card} title="All accounts">
      ${page.found?.accounts.length === 0 && html`<${Empty}>None.<//>`}
      <${Table} head=${["Account", "Plan", "Billed as", "From", "Until"]} label="Accounts">
        ${page.found?.accounts.map(
          (row) => html`<tr>
            <td><a href=${link("accounts", row.account)}>${row.account}</a></td>
            <td>${row.plan}</td><td>${row.billed}</td><td>${row.from ?? "always"}</td><td>${row.until ?? ""}</td>
          </tr>`,
        )}
      <//>
      <div class="row">
        ${cursor && html`<button onClick=${() => setCursor(undefined)}>First page</button>`}
        ${page.found?.next && html`<button onClick=${() => setCursor(page.found.next)}>Next page</button>`}
      </div>
    <//>`;
}

// One rate for all of it stands in the line itself.
const only = (line) => {
  const [cell] = line.cells;
  const plain = line.cells.length === 1 && cell.labels.length === 0 && cell.covered === "0" && line.steps.length === 0;
  const tiers = plain ? cell.tiers.filter((tier) => tier.quantity !== "0") : [];
  return tiers.length === 1 ? tiers[0] : undefined;
};

const Tiers = ({ line }) =>
  !only(line) &&
  line.cells.flatMap((cell) => {
    const labels = cell.labels.map((label) => label.label).join(", ");
    const included = cell.covered !== "0" && html`<tr class="part"><td>${labels} included</td><td class="num">${amount(cell.covered)}</td><td></td><td class="num">0</td></tr>`;
    return [
      included,
      ...cell.tiers
        .filter((tier) => tier.quantity !== "0")
        .map(
          (tier, at, all) => html`<tr class="part">
            <td>${[labels, all.length > 1 && `tier ${at + 1}`].filter(Boolean).join(", ")}</td>
            <td class="num">${amount(tier.quantity)}</td><td class="num">${amount(tier.rate)}</td><td class="num">${amount(tier.amount)}</td>
          </tr>`,
        ),
    ];
  });

function Line({ line, hash }) {
  const [open, set] = useState(false);
  return html`
    <tr><td>${words(line.name)}${line.corrects && html` <span class="tag warm">corrects ${days(line.corrects)}</span>`}</td>
      <td class="num">${line.quantity && `${amount(line.quantity.value)} ${line.quantity.unit}`}</td><td class="num">${only(line) && amount(only(line).rate)}</td>
      <td class="num">${amount(line.amount)} ${line.currency ?? ""}</td></tr>
    ${line.rule?.file && html`<tr class="where"><td colspan="4"><${Opener} rule=${line.rule} open=${open} set=${set} /></td></tr>`}
    ${open && html`<tr class="beside"><td colspan="4"><${Source} hash=${hash} rule=${line.rule} /></td></tr>`}
    <${Tiers} line=${line} />
    ${line.steps.map((step) => html`<tr class="part"><td>${step.label}</td><td></td><td></td><td class="num">${amount(step.change)}</td></tr>`)}
    ${(line.paid ?? []).map((paid) => html`<tr class="part"><td>paid from ${words(paid.by)}</td><td></td><td></td><td class="num">(${amount(paid.amount)})</td></tr>`)}`;
}

// The lines of an invoice; each shows the lines of the contract that made it.
export const Lines = ({ invoice, hash }) => html`
  <${Table} head=${["Line", ">Quantity", ">Rate", `>Amount (${invoice.currency})`]} label="Lines">
    ${invoice.lines.map((line) => html`<${Line} key=${JSON.stringify([line.name, line.corrects])} line=${line} hash=${hash} />`)}
    <tr class="sum"><td>Total</td><td></td><td></td><td class="num">${amount(invoice.total)}</td></tr>
    ${invoice.due !== invoice.total && html`<tr class="sum"><td>To pay</td><td></td><td></td><td class="num">${amount(invoice.due)}</td></tr>`}
  <//>`;

const share = (used, limit) => {
  const [a, b] = [used, limit].map((text) => String(text).split("/").reduce((top, under) => Number(top) / Number(under)));
  return Math.max(0, Math.min(100, (Number(a) / Number(b)) * 100 || 0));
};

const Progress = ({ used, limit, label }) => html`
  <div class=${`bar${share(used, limit) >= 100 ? " bad" : ""}`} role="img" aria-label=${`${label}: ${amount(used)} of ${amount(limit)}`}>
    <i style=${{ width: `${share(used, limit)}%` }}></i>
  </div>`;

const today = () => new Date().toISOString().slice(0, 10);

// Whether it has days that are still to come: levels are taken to stay as they are.
const isAhead = (invoice) => invoice.payment?.ledger.some((entry) => entry.kind === "use" && entry.day > today()) ?? false;

const Wallets = ({ invoice }) => {
  const payment = invoice.payment;
  if (!payment) return null;
  const balances = payment.balances.filter((balance) => [balance.opened, balance.granted, balance.topped_up].some((text) => /[1-9]/.test(text)));
  return html`
    ${balances.map(
      (balance) => html`
        <${Card} title=${`Wallet ${words(balance.name)}`} wide>
          <dl class="figures">
            <div><dt>left (${balance.currency})</dt><dd>${amount(balance.closed)}</dd></div>
            <div><dt>used</dt><dd>${amount(balance.used)}</dd></div>
          </dl>
          <${Steps} points=${steps(balance, payment.ledger, invoice.period)} period=${invoice.period} today=${today()} label=${`Balance of ${words(balance.name)}`} unit=${balance.currency} />
          <details><summary>Lots</summary>
            <${Table} head=${["Lot", "Came", "Gone", ">Amount", ">Left"]} label="Lots">
              ${balance.lots.map((lot) => html`<tr><td>${lot.name}</td><td>${lot.came}</td><td>${lot.gone ?? ""}</td><td class="num">${amount(lot.amount)}</td><td class="num">${amount(lot.left)}</td></tr>`)}
            <//>
          </details>
        <//>`,
    )}
    ${payment.commitments.map(
      (of) => html`
        <${Card} title=${`Commitment ${words(of.name)}`}>
          <p>${amount(of.total)} of ${amount(of.amount)} ${invoice.currency} ${of.until ? `for ${days(of)}` : `since ${of.from}`}</p>
          <${Progress} used=${of.total} limit=${of.amount} label=${words(of.name)} />
        <//>`,
    )}`;
};

// Another day is another address, so that it can be linked to.
const show = (name, on) => (location.hash = on ? link("accounts", name, on) : link("accounts", name));

export function Account({ name, on }) {
  const draft = useAnswer(() => get(`/v1/accounts/${encodeURIComponent(name)}/invoice${query({ on })}`), [name, on], 3000);
  const rights = useAnswer(() => get(`/v1/accounts/${encodeURIComponent(name)}/entitlements`), [name], 5000);
  const events = useAnswer(() => get(`/v1/accounts/${encodeURIComponent(name)}/events?limit=12`), [name], 3000);
  const issued = useAnswer(() => get(`/v1/invoices${query({ account: name })}`), [name], 10000);
  const invoice = draft.found?.invoice;
  return html`
    <h1>${name} ${draft.found && html`<small>on <a href=${link("plans", draft.found.plan.hash)}>${draft.found.plan.name}</a></small>`}</h1>
    <form class="row" onSubmit=${(event) => event.preventDefault()}>
      <label>Period that holds the day<input type="date" value=${on} onChange=${(event) => show(name, event.target.value)} /></label>
      ${on && html`<button type="button" onClick=${() => show(name, "")}>Today</button>`}
      ${invoice && html`<${Save} path=${`/v1/accounts/${encodeURIComponent(name)}/statement/pdf${query({ on })}`} as=${`statement-${name}-${invoice.period.from}.pdf`}>Statement as PDF<//>`}
    </form>
    <${Trouble} problem=${draft.problem} />
    <div class="grid">
      ${invoice &&
      html`<${Card} title=${`What is owed for ${days(invoice.period)}`} wide>
        <p><span class=${`tag ${draft.found.status === "finalised" ? "good" : ""}`}>${draft.found.status}</span>
          ${draft.found.number && html` <a href=${link("invoices", draft.found.number)}>${draft.found.number}</a>`}
          <span class="soft small"> as of entry ${amount(draft.found.as_of_entry)}${isAhead(invoice) && "; what is kept counts to the end of the period, as it stands now"}</span></p>
        ${invoice.lines.length ? html`<${Lines} invoice=${invoice} hash=${draft.found.plan.hash} />` : html`<${Empty}>Nothing yet.<//>`}
      <//>`}
      ${invoice && html`<${Wallets} invoice=${invoice} />`}
      ${invoice?.allowances.map(
        (of) => html`<${Card} title=${`Included: ${words(of.name)}`}>
          <p>${amount(of.used)} of ${amount(of.granted)} ${of.unit} used</p>
          <${Progress} used=${of.used} limit=${of.granted} label=${words(of.name)} />
        <//>`,
      )}
      ${rights.found?.features.length > 0 &&
      html`<${Card} title="What it may do" wide>
        <${Table} head=${["Feature", "State", ">Used", ">Held", ">Left"]} label="Features">
          ${rights.found.features.map(
            (of) => html`<tr>
              <td>${words(of.name)}</td>
              <td>${of.kind === "text" ? of.text : of.kind === "flag" ? html`<span class=${`tag ${of.on ? "good" : "bad"}`}>${of.on ? "on" : "off"}</span>` : html`limit ${amount(of.limit)} ${of.unit}${!of.hard && " (soft)"}<${Progress} used=${of.used} limit=${of.limit} label=${words(of.name)} />`}</td>
              <td class="num">${of.limit && amount(of.used)}</td><td class="num">${of.limit && amount(of.held)}</td><td class="num">${amount(of.left)}</td>
            </tr>`,
          )}
        <//>
      <//>`}
      <${Card} title="Events, the latest first">
        <${Trouble} problem=${events.problem} />
        ${events.found?.events.length === 0 && html`<${Empty}>None yet.<//>`}
        <${Table} head=${["Happened", "Event", "Type"]} label="Events">
          ${events.found?.events.map(
            (row) => html`<tr key=${row.seq}><td class="small">${when(row.happened)}</td>
              <td><a href=${link("event", row.event.source ?? "", row.event.id)}>${row.event.id}</a>${!row.counts && html` <span class="tag bad">taken back</span>`}</td><td>${row.event.type}</td></tr>`,
          )}
        <//>
      <//>
      <${Card} title="Invoices and notes">
        ${issued.found?.invoices.length === 0 && html`<${Empty}>No period is closed yet.<//>`}
        <ul>${issued.found?.invoices.map((row) => html`<li><a href=${link("invoices", row.number)}>${row.number}</a> ${days(row.period)}, ${amount(row.total)} ${row.currency}${row.status === "disputed" && html` <span class="tag bad">disputed</span>`}</li>`)}</ul>
      <//>
    </div>`;
}
