// The stream of events, and the path of one of them.
import { useState } from "preact/hooks";
import { get, query } from "./api.js";
import { Card, Empty, Table, Trouble, amount, days, html, link, useAnswer, when, words } from "./kit.js";
import { Stream, useStream } from "./overview.js";
import { Source } from "./source.js";

export function Events() {
  const [find, setFind] = useState({ source: "", id: "" });
  const [text, setText] = useState("");
  const stream = useStream(undefined, 500);
  const rows = stream.rows.filter((row) => !text || [row.account, row.type, row.event.id].some((part) => String(part).includes(text)));
  return html`
    <h1>Events</h1>
    <div class="grid">
      <${Card} title="Find an event">
        <form class="row" onSubmit=${(event) => (event.preventDefault(), (location.hash = link("event", find.source, find.id)))}>
          <label>Source<input value=${find.source} onInput=${(event) => setFind({ ...find, source: event.target.value })} /></label>
          <label>Id<input required value=${find.id} onInput=${(event) => setFind({ ...find, id: event.target.value })} /></label>
          <button class="main">Show its path</button>
        </form>
        <p class="soft small">From the record to the line of the invoice and to the line of the contract.</p>
      <//>
      <${Card} title="As they come" wide>
        <div class="row">
          <label>Account, type or id holds<input type="search" value=${text} onInput=${(event) => setText(event.target.value)} /></label>
          <button aria-pressed=${stream.paused} onClick=${() => stream.pause(!stream.paused)}>${stream.paused ? "Go on" : "Pause"}</button>
          <span class=${`tag ${stream.live && !stream.paused ? "good" : ""}`} role="status">${stream.paused ? "paused" : stream.live ? "live" : "connecting"}</span>
        </div>
        ${rows.length ? html`<${Stream} rows=${rows.slice(0, 100)} />` : html`<${Empty}>Nothing that fits came since this page was opened.<//>`}
      <//>
    </div>`;
}

const written = (line) => {
  const rules = line.cells.flatMap((cell) => cell.rules);
  const all = rules.length ? rules : [line.rule];
  return all.filter((rule, at) => all.findIndex((other) => other.file === rule.file && other.line === rule.line) === at);
};

export function Path({ source, id }) {
  const { found, problem } = useAnswer(() => get(`/v1/events/path${query({ source, id })}`), [source, id]);
  const state = found?.state.status;
  return html`
    <h1>Event ${id} <small>${source && `of ${source}`}</small></h1>
    <${Trouble} problem=${problem} />
    ${found &&
    html`<${Card} title="Its path"><ol class="path">
      <li><h2>Record <span class=${`tag ${state === "current" ? "good" : "bad"}`}>${state === "current" ? "counts" : state}</span></h2>
        <p class="small soft">entry ${amount(found.seq)}, happened ${when(found.happened)}, recorded ${when(found.recorded)}${found.set && `, backfill ${found.set}`}</p>
        <pre>${JSON.stringify(found.event, null, 2)}</pre></li>
      <li><h2>Account <a href=${link("accounts", found.account)}>${found.account}</a></h2>
        <p class="small soft">billed as ${found.billed}, on <a href=${link("plans", found.plan.hash)}>${found.plan.name}</a></p></li>
      ${found.allowances.map(
        (of) => html`<li><h2>${amount(of.drawn)} ${of.unit} from what is included: ${words(of.name)}</h2><${Source} hash=${found.plan.hash} rule=${of.rule} /></li>`,
      )}
      ${found.lines.map(
        (line) => html`<li><h2>Line ${words(line.name)}${line.meter && html` <span class="soft">by meter ${words(line.meter)}</span>`}</h2>
          <p>${line.quantity !== null && html`${amount(line.quantity)} ${line.unit} `}${line.amount !== null ? html`add <strong>${amount(line.amount)} ${line.currency}</strong>` : html`<span class="soft">what it adds depends on the others</span>`}</p>
          ${line.cells.map(
            (cell) => html`
              ${cell.tiers.length > 0 &&
              html`<${Table} head=${["Tier", ">Quantity", ">Rate", ">Amount"]} label="Tiers">
                ${cell.tiers.map((tier) => html`<tr><td>above ${amount(tier.from)}${tier.to && ` up to ${amount(tier.to)}`}</td><td class="num">${amount(tier.quantity)}</td><td class="num">${amount(tier.rate)}</td><td class="num">${amount(tier.amount)}</td></tr>`)}
              <//>`}`,
          )}
          ${written(line).map((rule) => html`<${Source} hash=${found.plan.hash} rule=${rule} />`)}</li>`,
      )}
      ${found.lines.length === 0 && html`<li><h2>No line</h2><p class="soft">No price counts it${state === "current" ? "" : ", for it was taken back"}.</p></li>`}
      <li><h2>Invoice of <a href=${link("accounts", found.billed, found.invoiced.from)}>${days(found.invoiced)}</a></h2>
        <p class="small soft">${found.late ? `It happened in ${days(found.period)}, and came after that was closed.` : "The period in which it happened."}</p></li>
    </ol><//>`}
    ${found?.earlier.length > 0 &&
    html`<${Card} title="Contents it had before"><ul>${found.earlier.map((of) => html`<li>entry ${of.seq}: ${of.state.status}<pre>${JSON.stringify(of.event, null, 2)}</pre></li>`)}</ul><//>`}`;
}
