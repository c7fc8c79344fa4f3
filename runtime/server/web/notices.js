// Who is told what, and what became of it.
import { get } from "./api.js";
import { Card, Empty, Table, Trouble, amount, html, useAnswer, when } from "./kit.js";

function Endpoint({ of }) {
  const { found, problem } = useAnswer(() => get(`/v1/webhooks/${encodeURIComponent(of.id)}/deliveries`), [of.id], 3000);
  const asked = [
    of.types.length ? of.types.join(", ") : "everything",
    ...Object.entries(of.balance_below).map(([wallet, least]) => `${wallet} below ${amount(least)}`),
    of.usage_percent.length > 0 && `shares of ${of.usage_percent.join(", ")} %`,
  ].filter(Boolean);
  return html`<${Card} title=${of.url} wide>
    <p>${of.disabled ? html`<span class="tag bad">says that it is gone</span>` : html`<span class="tag good">is told</span>`}${" "}
      <span class="small soft">${amount(of.waiting)} waiting, <span class="mono">${of.id}</span></span></p>
    <p class="small soft">Asked for ${asked.join("; ")}</p>
    <${Trouble} problem=${problem} />
    ${found?.deliveries.length === 0 && html`<${Empty}>Nothing was sent yet.<//>`}
    <${Table} head=${["Attempt at", "Notice", ">Attempt", "What became of it"]} label=${`Attempts at ${of.url}`}>
      ${found?.deliveries.map(
        (one) => html`<tr key=${one.id + one.attempt}><td class="small">${when(one.at)}</td><td class="mono small">${one.id}</td><td class="num">${one.attempt}</td>
          <td>${one.failed ? html`<span class="tag bad">failed</span> ${one.failed}${one.next ? `; again at ${when(one.next)}` : "; given up"}` : html`<span class="tag good">taken</span>`}</td></tr>`,
      )}
    <//>
  <//>`;
}

export function Notices() {
  const { found, problem } = useAnswer(() => get("/v1/webhooks"), [], 3000);
  return html`
    <h1>Notices</h1>
    <p class="soft">Endpoints of other systems, and the last attempts at each. They are made and changed by the API, with a key that has the role <code>admin</code>.</p>
    <${Trouble} problem=${problem} />
    ${found?.webhooks.length === 0 && html`<${Card} title="None"><${Empty}>Nobody is told: POST /v1/webhooks makes an endpoint.<//><//>`}
    ${found?.webhooks.map((of) => html`<${Endpoint} key=${of.id} of=${of} />`)}`;
}
