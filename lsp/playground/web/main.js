// The page of `price playground`: an editor that speaks with the language server, what the tests
// say, and the curve of a price.
import { basicSetup } from "codemirror";
import { EditorView, keymap } from "@codemirror/view";
import { EditorState, Compartment } from "@codemirror/state";
import { StreamLanguage, syntaxHighlighting, HighlightStyle } from "@codemirror/language";
import { lintGutter } from "@codemirror/lint";
import { tags } from "@lezer/highlight";
import { LSPClient, languageServerExtensions, formatDocument } from "@codemirror/lsp-client";
import { drawCurves } from "./curve.js";
import { setUpForms } from "./forms.js";
import { drawInvoices, setUpUsage } from "./invoice.js";

const byId = (id) => document.getElementById(id);
const language = await (await fetch("words.json")).json();
const words = new Set(language.words);

const price = StreamLanguage.define({
  name: "price",
  token(stream) {
    if (stream.eatSpace()) return null;
    if (stream.match(/^#.*/)) return "comment";
    if (stream.match(/^"(?:[^"\\]|\\.)*"?/)) return "string";
    if (stream.match(/^[$€£¥]?-?\d[\d_.:-]*(?:bn|k|M|%)?/)) return "number";
    const word = stream.match(/^[A-Za-z][\w-]*/);
    if (word) return words.has(word[0]) ? "keyword" : "variableName";
    stream.next();
    return "punctuation";
  },
  languageData: { commentTokens: { line: "#" }, closeBrackets: { brackets: ["{", "(", '"'] } },
});

const colours = HighlightStyle.define([
  { tag: tags.keyword, color: "var(--keyword)", fontWeight: "600" },
  { tag: tags.number, color: "var(--number)" },
  { tag: tags.string, color: "var(--string)" },
  { tag: tags.comment, color: "var(--soft)", fontStyle: "italic" },
]);

/** A way to the server: messages are texts, one for each. */
function transport(address) {
  let listeners = [];
  const socket = new WebSocket(address);
  socket.onmessage = (event) => listeners.forEach((listen) => listen(event.data));
  socket.onclose = () => say("the connection to the server is closed; reload the page", true);
  return new Promise((resolve, reject) => {
    socket.onerror = () => reject(new Error("no connection"));
    socket.onopen = () =>
      resolve({
        send: (message) => socket.send(message),
        subscribe: (listen) => listeners.push(listen),
        unsubscribe: (listen) => (listeners = listeners.filter((other) => other !== listen)),
      });
  });
}

function say(text, bad = false) {
  byId("status").textContent = text;
  byId("status").classList.toggle("bad", bad);
}

const allowed = new Set(["P", "PRE", "CODE", "TABLE", "THEAD", "TBODY", "TR", "TH", "TD", "EM", "STRONG", "UL", "OL", "LI", "BR", "SPAN", "DIV"]);

/** What the server says about names, without anything but text and tables: a shared text may hold any HTML. */
function plainHTML(html) {
  const page = new DOMParser().parseFromString(html, "text/html");
  for (const node of [...page.body.querySelectorAll("*")]) {
    if (!allowed.has(node.tagName)) node.replaceWith(document.createTextNode(node.textContent));
    else for (const attribute of [...node.attributes]) node.removeAttribute(attribute.name);
  }
  return page.body.innerHTML;
}

const client = new LSPClient({ extensions: languageServerExtensions(), timeout: 10000, sanitizeHTML: plainHTML });
client.connect(await transport(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/lsp`));
const examples = (await (await fetch("examples.json")).json()).examples;

const openUsage = setUpUsage(client, byId("usage"), () => later());

let view;
let current;
let waiting;
const file = new Compartment();

/** Opens a text in the editor. */
function open(uri, text) {
  current = uri;
  const { usage } = examples.find((example) => example.uri === uri) ?? {};
  openUsage(usage ?? { uri: uri.replace(/\.price$/, ".ndjson"), text: "" });
  view?.destroy();
  view = new EditorView({
    parent: byId("editor"),
    state: EditorState.create({
      doc: text,
      extensions: [
        basicSetup,
        price,
        syntaxHighlighting(colours),
        lintGutter(),
        file.of(client.plugin(uri, "price")),
        keymap.of([{ key: "Shift-Alt-f", run: formatDocument }]),
        EditorView.contentAttributes.of({ "aria-label": "Prices" }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) later();
        }),
      ],
    }),
  });
  later(0);
}

function later(pause = 250) {
  clearTimeout(waiting);
  waiting = setTimeout(refresh, pause);
}

/** The word that a line begins with: the symbols of plans and cards look alike. */
const firstWord = (line) => (line < view.state.doc.lines ? view.state.doc.line(line + 1).text.trim().split(" ")[0] : "");

/** Asks for what is shown beside the text. */
async function refresh() {
  const uri = current;
  try {
    client.sync();
    const [ran, symbols] = await Promise.all([
      client.request("price/runTests", { uri }),
      client.request("textDocument/documentSymbol", { textDocument: { uri } }),
    ]);
    if (uri !== current) return;
    showTests(ran.tests);
    showPrices(symbols ?? []);
    const invoices = await drawInvoices(client, uri, symbols ?? [], firstWord);
    if (uri !== current) return;
    byId("invoice").replaceChildren(...invoices);
    await showCurve();
  } catch (error) {
    say(String(error.message ?? error), true);
  }
}

function showTests(tests) {
  const list = byId("tests");
  list.replaceChildren();
  const passed = tests.filter((test) => test.outcome === "passed").length;
  const open = tests.filter((test) => test.outcome === "pending").length;
  for (const test of tests) {
    const row = document.createElement("li");
    row.className = test.outcome;
    const button = document.createElement("button");
    const mark = { passed: "✓", failed: "✗", pending: "?" }[test.outcome];
    button.textContent = `${mark} ${test.title}`;
    button.onclick = () => show(test.failures[0]?.range ?? test.range);
    row.append(button);
    for (const failure of test.failures) {
      const said = document.createElement("p");
      said.textContent = failure.message;
      row.append(said);
    }
    list.append(row);
  }
  if (tests.length === 0) {
    const row = document.createElement("li");
    row.textContent = "No test can run yet.";
    list.append(row);
  }
  const bad = tests.length - passed - open;
  say(tests.length === 0 ? "" : bad === 0 && open === 0 ? `all ${passed} tests pass` : bad === 0 ? `${open} of ${tests.length} tests to fill in` : `${bad} of ${tests.length} tests fail`, bad > 0);
}

/** Puts the cursor to a place. */
function show(range) {
  const line = view.state.doc.line(range.start.line + 1);
  const at = Math.min(line.from + range.start.character, line.to);
  view.dispatch({ selection: { anchor: at }, scrollIntoView: true });
  view.focus();
}

function showPrices(symbols) {
  const select = byId("price");
  const before = select.value;
  select.replaceChildren();
  for (const item of symbols) {
    for (const child of item.children ?? []) {
      if (child.detail !== "price" && child.detail !== "override") continue;
      const option = document.createElement("option");
      option.value = JSON.stringify(child.selectionRange.start);
      option.textContent = `${child.name} in ${item.name}`;
      option.dataset.name = option.textContent;
      select.append(option);
    }
  }
  const same = [...select.options].find((option) => option.value === before || option.dataset.name === select.dataset.name);
  if (same) same.selected = true;
  select.disabled = select.options.length === 0;
}

async function showCurve() {
  const select = byId("price");
  select.dataset.name = select.selectedOptions[0]?.dataset.name ?? "";
  if (!select.value) {
    byId("curve").replaceChildren("There is no price with a curve.");
    return;
  }
  const position = JSON.parse(select.value);
  const chart = await client.request("price/curve", { textDocument: { uri: current }, position });
  byId("curve").replaceChildren(drawCurves(chart));
}

/** The text in the address, so that a link holds it. */
const packed = (text) => btoa(String.fromCodePoint(...new TextEncoder().encode(text)));
const unpacked = (text) => new TextDecoder().decode(Uint8Array.from(atob(text), (c) => c.codePointAt(0)));

const picker = byId("example");
for (const example of examples) {
  const option = document.createElement("option");
  option.value = example.uri;
  option.textContent = example.title;
  picker.append(option);
}
picker.onchange = () => {
  history.replaceState(null, "", "#");
  const example = examples.find((one) => one.uri === picker.value);
  open(example.uri, example.text);
};
byId("price").onchange = showCurve;
byId("format").onclick = () => {
  formatDocument(view);
  view.focus();
};
byId("share").onclick = async () => {
  const name = encodeURIComponent(current);
  history.replaceState(null, "", `#${name}=${packed(view.state.doc.toString())}`);
  try {
    await navigator.clipboard.writeText(location.href);
    say("the link is copied");
  } catch {
    say("the link is in the address bar");
  }
};
/** What the text declares, as it is now. */
async function symbols() {
  client.sync();
  return (await client.request("textDocument/documentSymbol", { textDocument: { uri: current } })) ?? [];
}

/** Makes edits together, goes to the last one and lays the text out. */
function edit(edits) {
  const { doc } = view.state;
  const changes = edits.map((edit) => {
    if (edit.line === undefined) return { from: edit.from, to: edit.to, insert: edit.text };
    // Behind the last line there is none to stand in front of.
    if (edit.line >= doc.lines) return { from: doc.length, insert: edit.line > doc.lines - 1 && doc.line(doc.lines).length > 0 ? `\n${edit.text}` : edit.text };
    return { from: doc.line(edit.line + 1).from, insert: edit.text };
  });
  const set = view.state.changes(changes);
  const last = changes.at(-1);
  const anchor = set.mapPos(last.from, 1);
  view.dispatch({ changes: set, selection: { anchor: Math.max(0, anchor - 1) }, scrollIntoView: true });
  formatDocument(view);
  view.focus();
}

setUpForms({ units: language.units, text: () => view.state.doc.toString(), symbols, edit });
byId("add-test").onclick = async () => {
  const body = (await symbols()).find((symbol) => symbol.kind === 5 || symbol.kind === 11);
  const kind = body && view.state.doc.line(body.range.start.line + 1).text.trim().split(" ")[0];
  const subject = body ? `${kind} ${body.name}` : "plan starter";
  edit([{ line: view.state.doc.lines, text: `\ntest "what it shows" for ${subject} in 2026-01 {\n  expect total ?\n}\n` }]);
};

const [name, text] = location.hash.slice(1).split(/=(.*)/s);
if (text) {
  try {
    open(decodeURIComponent(name), unpacked(text));
  } catch {
    say("the link is broken", true);
    open(examples[0].uri, examples[0].text);
  }
} else {
  open(examples[0].uri, examples[0].text);
}
window.playground = { view: () => view, refresh };
