// Forms that write a meter, a price or a tier, for people who would rather click. They write the text
// that one would type, in the place where one would type it; what is wrong with it the server says.

const KIND = { class: 5, property: 7, interface: 11, variable: 13, event: 24 };
const signs = { USD: "$", EUR: "€", GBP: "£", JPY: "¥" };
const NAME = /^[A-Za-z][A-Za-z0-9_]*(-[A-Za-z0-9_]+)*$/;
const AMOUNT = /^\d[\d_]*(\.\d+)?$/;
const QUANTITY = /^(\d[\d_]*(?:\.\d+)?)(k|M|bn)?$/;
const sizes = { k: 1e3, M: 1e6, bn: 1e9 };

/** A quantity as a number, to put tiers in their order. */
const size = (text) => {
  const read = QUANTITY.exec(text.trim());
  return read ? Number(read[1].replaceAll("_", "")) * (sizes[read[2]] ?? 1) : NaN;
};

/** The first line of what stands above a line as its comment. */
function above(lines, at) {
  while (at > 0 && lines[at - 1].trimStart().startsWith("#")) at -= 1;
  return at;
}

/** How the unit is called when there are many of it. */
const many = (units, unit) => units.find((names) => names.includes(unit))?.at(-1) ?? unit;

/** The edit that makes a unit known: none where the text knows it. */
function known(text, units, unit) {
  const one = units.find((names) => names.includes(unit));
  const declared = new RegExp(`^\\s*unit[^\\n]*\\b${unit}\\b`, "m").test(text);
  const uses = /^use std\.units \(([^)]*)\)/m.exec(text);
  const names = uses ? uses[1].split(",").map((name) => name.trim()) : [];
  if (declared || names.some((name) => name === unit || one?.includes(name))) return null;
  if (!one) return { line: 0, text: `unit ${unit}\n` };
  if (!uses) return { line: 0, text: `use std.units (${one[0]})\n` };
  return { from: uses.index, to: uses.index + uses[0].length, text: `use std.units (${[...names, one[0]].join(", ")})` };
}

/** What is written for a meter; an error is a sentence. */
function meter(values, { text, symbols, units }) {
  const { name, how, event, field, unit } = values;
  for (const word of [name, event, unit, ...(how === "count" ? [] : [field])]) {
    if (!NAME.test(word)) throw new Error(`“${word}” cannot be a name: letters, digits and _`);
  }
  const what = { count: `count of ${event} in ${many(units, unit)}`, sum: `sum of ${event}.${field}`, max: `max of ${event}.${field}` }[how];
  const holds = { count: "id: text", sum: `${field}: ${unit}`, max: `${field}: level ${unit}` }[how];
  const there = symbols.some((symbol) => symbol.kind === KIND.event && symbol.name === event);
  const lines = text.split("\n");
  const body = symbols.find((symbol) => symbol.kind === KIND.class || symbol.kind === KIND.interface);
  const line = body ? above(lines, body.range.start.line) : lines.length;
  const written = `${there ? "" : `event ${event} { ${holds} }\n`}meter ${name} = ${what}\n\n`;
  return [known(text, units, unit), { line, text: body ? written : `\n${written}` }];
}

const money = (amount, code) => {
  if (!AMOUNT.test(amount)) throw new Error(`“${amount}” is no amount: write it as 0.05`);
  return signs[code] ? `${signs[code]}${amount}` : `${amount} ${code}`;
};

const bound = (text) => {
  if (!QUANTITY.test(text)) throw new Error(`“${text}” is no quantity: write it as 500, 10k or 2M`);
  return text;
};

/** The currency of a body. */
function currency(lines, body) {
  const inside = lines.slice(body.range.start.line, body.range.end.line).join("\n");
  return /^\s*currency\s+(\w+)/m.exec(inside)?.[1] ?? "USD";
}

/** What is written for a price. */
function price(values, { text, symbols, units }) {
  const { name, body: title, meter: on, shape, amount, tiers } = values;
  const lines = text.split("\n");
  const body = symbols.find((symbol) => symbol.name === title && (symbol.kind === KIND.class || symbol.kind === KIND.interface));
  if (!body) throw new Error("there is no plan to put it into");
  if (!on) throw new Error("there is no meter: add one first");
  if (!NAME.test(name)) throw new Error(`“${name}” cannot be a name: letters, digits and _`);
  // `1k calls`, `seat per month`
  const [unit] = values.unit.match(/^(?:\d\w* )?[A-Za-z][\w-]*( per [a-z]+)?$/) ?? [];
  if (!unit) throw new Error(`“${values.unit}” is no unit: write it as call, or 1k calls`);
  const bare = unit.replace(/^\d\w* /, "").split(" ")[0];
  const code = currency(lines, body);
  let written = `  price ${name} on ${on} = `;
  if (shape === "flat") {
    written += `${money(amount, code)} per ${unit}\n`;
  } else {
    const ladder = tiers.map((tier) => `      up to ${bound(tier.upTo)} ${many(units, bare)} ${money(tier.amount, code)}\n`);
    if (ladder.length === 0) throw new Error("a price with tiers has at least one bound");
    written = `  price ${name} on ${on} {\n    ${shape} per ${unit} {\n${ladder.join("")}      beyond ${money(amount, code)}\n    }\n  }\n`;
  }
  const before = body.children.filter((child) => child.kind === KIND.property).at(-1);
  const line = before ? before.range.end.line + 1 : body.range.end.line;
  return [known(text, units, bare), { line, text: `\n${written}` }];
}

/** What is written for a tier: a line in its place among the others. */
function tier(values, { text, symbols }) {
  const { price: chosen, upTo, amount } = values;
  const lines = text.split("\n");
  const at = chosen ? JSON.parse(chosen) : null;
  const inside = (range) => at && range.start.line <= at.line && at.line <= range.end.line;
  const body = symbols.find((symbol) => inside(symbol.range));
  const of = body?.children.find((child) => inside(child.range));
  if (!of) throw new Error("there is no price to put it into");
  const wanted = size(bound(upTo));
  for (let line = of.range.start.line; line <= of.range.end.line; line += 1) {
    const rung = /^(\s*)(?:up to (\S+)(?:\s+([A-Za-z][\w-]*))?|beyond)\b/.exec(lines[line]);
    if (!rung) continue;
    if (rung[2] && size(rung[2]) === wanted) throw new Error(`there is a tier up to ${upTo} already`);
    if (rung[2] && size(rung[2]) < wanted) continue;
    // The unit as the other tiers write it.
    const unit = lines.slice(of.range.start.line, of.range.end.line).map((text) => /^\s*up to \S+\s+([A-Za-z][\w-]*)/.exec(text)?.[1]).find(Boolean);
    const words = ["up to", upTo, unit, money(amount, currency(lines, body))].filter(Boolean);
    return [{ line, text: `${rung[1]}${words.join(" ")}\n` }];
  }
  throw new Error(`${of.name} has no tiers: add a price that has`);
}

const writers = { meter, price, tier };

/** Puts options into a list, and keeps what was chosen. */
function fill(select, options) {
  const before = select.value;
  select.replaceChildren();
  for (const [value, label] of options) {
    const option = document.createElement("option");
    option.value = value;
    option.textContent = label;
    select.append(option);
  }
  if (options.some(([value]) => value === before)) select.value = before;
}

/** Makes the dialogs of the page work. `page` gives the text and its symbols and takes edits. */
export function setUpForms(page) {
  const list = document.getElementById("units");
  for (const names of page.units) {
    const option = document.createElement("option");
    option.value = names[0];
    list.append(option);
  }
  const row = () => {
    const item = document.getElementById("tier-row").content.cloneNode(true).firstElementChild;
    item.querySelector("button").onclick = () => item.remove();
    document.getElementById("tier-rows").append(item);
    return item;
  };
  document.getElementById("more-tiers").onclick = () => row().querySelector("input").focus();

  for (const dialog of document.querySelectorAll("dialog")) {
    const form = dialog.querySelector("form");
    const problem = dialog.querySelector("[role=alert]");
    const show = () => {
      for (const part of form.querySelectorAll("[data-for]")) {
        const [field, ...wanted] = part.dataset.for.split(" ");
        part.hidden = !wanted.includes(form.elements[field].value);
        for (const input of part.querySelectorAll("input")) input.disabled = part.hidden;
      }
    };
    form.onchange = show;
    dialog.querySelector("[data-cancel]").onclick = () => dialog.close();
    document.querySelector(`[data-form=${dialog.id}]`).onclick = async () => {
      const symbols = await page.symbols();
      const bodies = symbols.filter((symbol) => symbol.kind === KIND.class || symbol.kind === KIND.interface);
      const text = page.text();
      for (const select of form.querySelectorAll("select[data-fill]")) {
        fill(select, {
          bodies: () => bodies.map((body) => [body.name, body.name]),
          meters: () => symbols.filter((symbol) => symbol.kind === KIND.variable).map((symbol) => [symbol.name, symbol.name]),
          prices: () =>
            bodies.flatMap((body) =>
              body.children
                .filter((child) => child.detail === "price")
                .map((child) => [JSON.stringify(child.selectionRange.start), `${child.name} in ${body.name}`]),
            ),
        }[select.dataset.fill]());
      }
      if (dialog.id === "price-form") {
        if (document.getElementById("tier-rows").children.length === 0) row();
        const guess = () => {
          const on = form.elements.meter.value;
          const said = new RegExp(`^meter ${on}\\b[^\\n]*?\\bin ([A-Za-z][\\w-]*)`, "m").exec(text)?.[1];
          const one = page.units.find((names) => names.includes(said));
          if (said) form.elements.unit.value = one?.[0] ?? said;
        };
        form.elements.meter.onchange = guess;
        if (!form.elements.unit.value) guess();
      }
      problem.textContent = "";
      show();
      dialog.showModal();
    };
    form.onsubmit = async (event) => {
      event.preventDefault();
      const values = Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, value.trim()]));
      values.tiers = [...form.querySelectorAll("#tier-rows > *")].map((item) => ({
        upTo: item.querySelector("[data-up-to]").value.trim(),
        amount: item.querySelector("[data-amount]").value.trim(),
      }));
      try {
        const state = { text: page.text(), symbols: await page.symbols(), units: page.units };
        const edits = writers[dialog.id.replace("-form", "")](values, state).filter(Boolean);
        dialog.close();
        form.reset();
        for (const item of form.querySelectorAll("#tier-rows > *")) item.remove();
        page.edit(edits);
      } catch (error) {
        problem.textContent = error.message;
      }
    };
  }
}
