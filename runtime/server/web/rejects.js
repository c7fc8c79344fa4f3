// Events that did not fit: why, and sending them again.
import { useState } from "preact/hooks";
import { get, post, query } from "./api.js";
import { Card, Empty, Trouble, html, said as text, useAnswer, when } from "./kit.js";

function Reject({ reject, again }) {
  const [record, setRecord] = useState(JSON.stringify(reject.record, null, 2));
  const [said, setSaid] = useState({});
  const send = async (event) => {
    event.preventDefault();
    try {
      const result = await post(`/v1/rejects/${reject.seq}/retry`, record);
      setSaid({ result });
      if (result.status === "accepted") again();
    } catch (problem) {
      setSaid({ problem });
    }
  };
  return html`
    <section class="card" aria-label=${`Reject ${reject.seq}`}>
      <h2>${text(reject.message)} <a class="tag bad" href=${`/problems/${reject.code}`}>${reject.code}</a></h2>
      <p class="small soft">entry ${reject.seq}, came ${when(reject.recorded)}</p>
      <details><summary>Record</summary>
        <form onSubmit=${send}>
          <label>Mend it here<textarea spellcheck="false" value=${record} onInput=${(event) => setRecord(event.target.value)}></textarea></label>
          <div class="row"><button class="main">Send it again</button></div>
        </form>
        ${said.result && html`<p role="status">${said.result.status}${said.result.message ? `: ${said.result.message}` : ""}</p>`}
        <${Trouble} problem=${said.problem} />
      </details>
    </section>`;
}

export function Rejects() {
  const [cursor, setCursor] = useState(undefined);
  const page = useAnswer(() => get(`/v1/rejects${query({ cursor, limit: 50 })}`), [cursor]);
  return html`
    <h1>Rejects</h1>
    <p class="soft">Events that did not fit are kept with their reason. A plan or an account is mended, or the record, and they are sent again.</p>
    <${Trouble} problem=${page.problem} />
    ${page.found?.rejects.length === 0 && html`<${Card} title="None"><${Empty}>Everything that came fits.<//><//>`}
    ${page.found?.rejects.map((reject) => html`<${Reject} key=${reject.seq} reject=${reject} again=${page.again} />`)}
    <div class="row">
      ${cursor && html`<button onClick=${() => setCursor(undefined)}>First page</button>`}
      ${page.found?.next && html`<button onClick=${() => setCursor(page.found.next)}>Next page</button>`}
    </div>`;
}
