// The page of `price serve`: which view is shown, and the key that the server asks for.
import { render } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { key } from "./api.js";
import { html, link } from "./kit.js";
import { Account, Accounts } from "./accounts.js";
import { Docs } from "./docs.js";
import { Events, Path } from "./events.js";
import { Invoice, Invoices } from "./invoices.js";
import { Notices } from "./notices.js";
import { Overview } from "./overview.js";
import { Plan, Plans } from "./plans.js";
import { Rejects } from "./rejects.js";

const VIEWS = [
  ["", "Overview", Overview],
  ["accounts", "Accounts", Accounts, ([name, on]) => html`<${Account} key=${name} name=${name} on=${on ?? ""} />`],
  ["events", "Events", Events],
  ["invoices", "Invoices", Invoices, ([number]) => html`<${Invoice} key=${number} number=${number} />`],
  ["rejects", "Rejects", Rejects],
  ["notices", "Notices", Notices],
  ["plans", "Plans", Plans, ([hash, file, line]) => html`<${Plan} key=${hash} hash=${hash} file=${file} line=${line} />`],
  ["api", "API", Docs],
];

const parts = () => {
  try {
    return location.hash.replace(/^#\/?/, "").split("/").map(decodeURIComponent);
  } catch {
    return [""];
  }
};

function useRoute() {
  const [route, set] = useState(parts);
  useEffect(() => {
    const moved = () => set(parts());
    addEventListener("hashchange", moved);
    return () => removeEventListener("hashchange", moved);
  }, []);
  return route;
}

function SignIn() {
  const dialog = useRef();
  const [text, setText] = useState("");
  useEffect(() => {
    const wanted = () => dialog.current?.open || dialog.current?.showModal();
    addEventListener("price-key-wanted", wanted);
    return () => removeEventListener("price-key-wanted", wanted);
  }, []);
  const enter = () => {
    key.set(text.trim());
    location.reload();
  };
  return html`<dialog ref=${dialog} aria-labelledby="sign-in">
    <h2 id="sign-in">This server asks for a key</h2>
    <p class="soft small">One with the role <code>read</code>, made by <code>price keys add</code>. It is kept in this tab only.</p>
    <form method="dialog" onSubmit=${enter}>
      <label>API key<input type="password" autocomplete="off" required value=${text} onInput=${(event) => setText(event.target.value)} /></label>
      <div class="row"><button class="main">Use it</button></div>
    </form>
  </dialog>`;
}

function Page() {
  const [view, ...rest] = useRoute();
  const main = useRef();
  const first = useRef(true);
  const known = VIEWS.find(([name]) => name === (view === "event" ? "events" : view)) ?? VIEWS[0];
  useEffect(() => {
    document.title = `${[known[1], ...rest].filter(Boolean).join(" · ")} · Price`;
    // After a move the reader is where the new view begins.
    if (!first.current) main.current?.focus();
    first.current = false;
    scrollTo(0, 0);
  }, [view, ...rest]);
  const [, , Whole, one] = known;
  return html`
    <div class="top"><div>
      <a class="brand" href="#/">Price</a>
      <nav aria-label="Views"><ul>
        ${VIEWS.map(([name, title]) => html`<li><a href=${name ? link(name) : "#/"} aria-current=${known[0] === name ? "page" : undefined}>${title}</a></li>`)}
      </ul></nav>
      <div class="end">${key.get() && html`<button onClick=${() => (key.set(""), location.reload())}>Sign out</button>`}</div>
    </div></div>
    <main id="content" ref=${main} tabindex="-1">
      ${view === "event" ? html`<${Path} key=${rest.join("/")} source=${rest[0] ?? ""} id=${rest[1] ?? ""} />` : rest[0] && one ? one(rest) : html`<${Whole} />`}
    </main>
    <${SignIn} />`;
}

const app = document.getElementById("app");
app.textContent = "";
render(html`<${Page} />`, app);
