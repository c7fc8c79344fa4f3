// What was issued.
import { useState } from "preact/hooks";
import { get, query, text } from "./api.js";
import { Lines } from "./accounts.js";
import { Card, Empty, Save, Table, Trouble, amount, days, html, link, useAnswer } from "./kit.js";

export function Invoices() {
  const [asked, ask] = useState({ account: "", kind: "", disputed: "" });
  const [cursor, setCursor] = useState(undefined);
  const page = useAnswer(() => get(`/v1/invoices${query({ ...asked, cursor, limit: 100 })}`), [asked, cursor], 10000);
  const held = useAnswer(() => get("/v1/billing/held"), [], 10000);
  const change = (name) => (event) => (ask({ ...asked, [name]: event.target.value }), setCursor(undefined));
  return html`
    <h1>Invoices</h1>
    <form class="row" onSubmit=${(event) => event.preventDefault()}>
      <label>Billed<input type="search" value=${asked.account} onChange=${change("account")} /></label>
      <label>Kind<select value=${asked.kind} onChange=${change("kind")}>
        <option value="">all</option><option value="invoice">invoices</option><option value="credit-note">credit notes</option><option value="debit-note">debit notes</option>
      </select></label>
      <label>State<select value=${asked.disputed} onChange=${change("disputed")}><option value="">all</option><option value="true">disputed</option></select></label>
    </form>
    <${Trouble} problem=${page.problem} />
    ${held.found?.held.length > 0 &&
    html`<${Card} title="Periods that cannot be settled"><ul>${held.found.held.map((of) => html`<li>${of.account} on ${of.plan} from ${of.from}: ${of.why}</li>`)}</ul><//>`}
    <${Card} title="In the order in which they were issued">
      ${page.found?.invoices.length === 0 && html`<${Empty}>${Object.values(asked).some(Boolean) ? "None that fits." : "No period is closed yet. A period closes when its grace is over; drafts are with the accounts."}<//>`}
      <${Table} head=${["Number", "Billed", "Period", "Issued", ">Total", ">To pay", ""]} label="Invoices">
        ${page.found?.invoices.map(
          (row) => html`<tr>
            <td><a href=${link("invoices", row.number)}>${row.number}</a></td><td><a href=${link("accounts", row.account)}>${row.account}</a></td>
            <td>${days(row.period)}</td><td>${row.issued}</td>
            <td class="num">${amount(row.total)} ${row.currency}</td><td class="num">${amount(row.due)}</td>
            <td>${row.kind !== "invoice" && html`<span class="tag warm">${row.kind.replace("-", " ")} for ${row.corrects}</span> `}${row.status === "disputed" && html`<span class="tag bad">disputed</span>`}</td>
          </tr>`,
        )}
      <//>
      <div class="row">
        ${cursor && html`<button onClick=${() => setCursor(undefined)}>First page</button>`}
        ${page.found?.next && html`<button onClick=${() => setCursor(page.found.next)}>Next page</button>`}
      </div>
    <//>`;
}

export function Invoice({ number }) {
  const path = `/v1/invoices/${encodeURIComponent(number)}`;
  const { found, problem } = useAnswer(() => get(path), [number]);
  const page = useAnswer(() => text(`${path}/html`), [number]);
  return html`
    <h1>${number} ${found && html`<small>${found.kind.replace("-", " ")} for <a href=${link("accounts", found.account)}>${found.account}</a></small>`}</h1>
    <${Trouble} problem=${problem} />
    ${found &&
    html`<${Card} title="About it">
      <p>${amount(found.total)} ${found.currency} for ${days(found.period)}, issued ${found.issued}${found.payable && `, payable by ${found.payable}`}${" "}
        <span class=${`tag ${found.status === "disputed" ? "bad" : "good"}`}>${found.status}</span></p>
      ${found.corrects && html`<p>Corrects <a href=${link("invoices", found.corrects)}>${found.corrects}</a>${found.reason && `: ${found.reason}`}</p>`}
      ${found.corrected_by?.length > 0 && html`<p>Corrected by ${found.corrected_by.map((other) => html`<a href=${link("invoices", other)}>${other}</a> `)}</p>`}
      ${found.disputes.map((of) => html`<p>${of.line ? `Line ${of.line}` : "All of it"} contested: ${of.reason}${of.outcome && ` (${of.outcome})`}</p>`)}
      ${Object.entries(found.references).map(([name, text]) => html`<p>${name}: <span class="mono">${text}</span></p>`)}
      <p class="small soft">Plan <a href=${link("plans", found.plan.hash)}>${found.plan.name}</a>, knows entries up to ${amount(found.cutoff_entry)}, contents <span class="mono">${found.invoice_blake3.slice(0, 16)}…</span></p>
      <div class="row"><${Save} path=${`${path}/pdf`} as=${`${number}.pdf`}>Save as PDF<//></div>
    <//>`}
    ${found?.invoice?.lines?.length > 0 && html`<${Card} title="Its lines, and the contract"><${Lines} invoice=${found.invoice} hash=${found.plan.hash} /><//>`}
    ${page.found && html`<iframe title=${`${number} as it is sent`} sandbox="" srcdoc=${page.found}></iframe>`}`;
}
