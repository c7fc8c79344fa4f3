// The invoice of the text that is edited, and the usage that it is made of.

/** Opens usage on the server, and says what changes in it. */
export function setUpUsage(client, area, changed) {
  let uri;
  let version = 0;
  const tell = (method, params) => client.notification(`textDocument/${method}`, params);
  area.oninput = () => {
    version += 1;
    if (uri) tell("didChange", { textDocument: { uri, version }, contentChanges: [{ text: area.value }] });
    changed();
  };
  return (usage) => {
    if (uri) tell("didClose", { textDocument: { uri } });
    ({ uri } = usage);
    version += 1;
    area.value = usage.text;
    tell("didOpen", { textDocument: { uri, languageId: "json", version, text: usage.text } });
  };
}

/** The invoices of the plans among symbols: what the last period comes to, line by line. */
export async function drawInvoices(client, uri, symbols, word) {
  const drawn = [];
  for (const symbol of symbols) {
    const kind = word(symbol.selectionRange.start.line);
    if (kind !== "plan" && kind !== "contract" && kind !== "ratecard") continue;
    const position = symbol.selectionRange.start;
    const found = await client.request("price/invoices", { textDocument: { uri }, position });
    drawn.push({ name: symbol.name, found, card: kind === "ratecard" });
  }
  // Where there are plans, their cards are not billed.
  const plans = drawn.some((one) => !one.card) ? drawn.filter((one) => !one.card) : drawn;
  return plans.length === 0 ? [paragraph("There is no plan yet.")] : plans.flatMap(invoice);
}

function paragraph(text, kind = "") {
  const node = document.createElement("p");
  node.textContent = text;
  node.className = kind;
  return node;
}

function invoice({ name, found }) {
  if (found.why !== undefined) return [paragraph(`${name}: ${found.why}`, "bad")];
  const { period, invoices, total, refused, refusals } = found;
  const head = paragraph(`${name}, ${period.from} until ${period.until}: ${total}`);
  const table = document.createElement("table");
  // Several accounts by their totals, one by its lines.
  const rows = invoices.length === 1 ? invoices[0].lines.map((line) => [line.name, line.quantity ?? "", line.amount]) : invoices.map((one) => [one.account, "", one.total]);
  for (const cells of rows) {
    const row = table.insertRow();
    for (const text of cells) row.insertCell().textContent = text;
  }
  const problem = refusals[0];
  const bad = problem ? [paragraph(`line ${problem.line} does not count: ${problem.why}${refused > 1 ? ` (and ${refused - 1} more)` : ""}`, "bad")] : [];
  return [head, table, ...bad];
}
