// The interface, as the server describes it.
import { useState } from "preact/hooks";
import { get } from "./api.js";
import { Card, Table, Trouble, html, useAnswer } from "./kit.js";

const name = (schema) => schema?.$ref?.split("/").at(-1);

// A form in words: what names and types an object has.
function Form({ schema, all, depth = 0 }) {
  const known = name(schema) ? all[name(schema)] : schema;
  if (!known) return null;
  const type = known.enum ? known.enum.map((value) => JSON.stringify(value)).join(" | ") : [known.type].flat().filter(Boolean).join(" or ");
  const inside = known.items ?? (typeof known.additionalProperties === "object" ? known.additionalProperties : null);
  if (depth > 4) return html`<span class="soft">${name(schema) ?? type}</span>`;
  return html`
    <span class="soft mono">${name(schema) ?? ""} ${type}${known.format ? ` (${known.format})` : ""}${known.default !== undefined ? `, ${JSON.stringify(known.default)} unless given` : ""}</span>
    ${known.description && html` <span class="small">${known.description}</span>`}
    ${known.properties &&
    html`<ul>${Object.entries(known.properties).map(
      ([key, value]) => html`<li><code>${key}</code>${known.required?.includes(key) ? "" : html` <span class="soft small">optional</span>`} <${Form} schema=${value} all=${all} depth=${depth + 1} /></li>`,
    )}</ul>`}
    ${inside && html`<div class="inside">of <${Form} schema=${inside} all=${all} depth=${depth + 1} /></div>`}`;
}

const Content = ({ content, all }) =>
  Object.entries(content ?? {}).map(([type, { schema }]) => html`<div><code>${type}</code> <${Form} schema=${schema} all=${all} /></div>`);

function Operation({ path, method, op, all }) {
  const example = `curl -X ${method.toUpperCase()} -H "authorization: Bearer $KEY"${op.requestBody ? ` -H 'content-type: ${Object.keys(op.requestBody.content)[0]}' -d @body` : ""} ${location.origin}${path}`;
  return html`<details class="card" id=${op.operationId}>
    <summary><span class="tag">${method.toUpperCase()}</span> <code>${path}</code> ${op.summary}</summary>
    ${op["x-role"] && html`<p class="small">Needs the role <code>${op["x-role"]}</code>.</p>`}
    <pre>${example}</pre>
    ${op.parameters &&
    html`<h3>Parameters</h3><ul>${op.parameters.map((of) => html`<li><code>${of.name}</code> <span class="soft small">in ${of.in}${of.required ? "" : ", optional"}</span> ${of.description} <${Form} schema=${of.schema} all=${all} /></li>`)}</ul>`}
    ${op.requestBody && html`<h3>Body</h3><${Content} content=${op.requestBody.content} all=${all} />`}
    <h3>Answers</h3>
    <${Table} head=${["Status", "Means", "Form"]} label="Answers">
      ${Object.entries(op.responses).map(
        ([status, of]) => html`<tr><td>${status}</td><td>${of.description}</td><td><${Content} content=${of.content} all=${all} /></td></tr>`,
      )}
    <//>
  </details>`;
}

export function Docs() {
  const { found, problem } = useAnswer(() => get("/openapi.json"), []);
  const [text, setText] = useState("");
  const all = found?.components.schemas ?? {};
  const operations = Object.entries(found?.paths ?? {}).flatMap(([path, methods]) => Object.entries(methods).map(([method, op]) => ({ path, method, op })));
  const shown = operations.filter(({ path, op }) => !text || `${path} ${op.summary} ${op.operationId}`.toLowerCase().includes(text.toLowerCase()));
  return html`
    <h1>The HTTP API</h1>
    <p class="soft">${found?.info.description} For machines: <a href="/openapi.json">/openapi.json</a>. A code in an answer leads to its page: <a href="/problems/S007">/problems/S007</a>.</p>
    <form class="row" role="search" onSubmit=${(event) => event.preventDefault()}>
      <label>Find<input type="search" value=${text} onInput=${(event) => setText(event.target.value)} /></label>
    </form>
    <${Trouble} problem=${problem} />
    ${shown.map((one) => html`<${Operation} key=${one.method + one.path} ...${one} all=${all} />`)}
    ${found && shown.length === 0 && html`<${Card} title="None"><p class="empty">Nothing is called so.</p><//>`}`;
}
