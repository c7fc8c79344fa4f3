// The playground in a real browser without a screen: an example is there and passes, a mistake is
// marked, a test fails and passes again, a curve is drawn, forms write, a link brings the text back.
//   node tests/external/playground.mjs URL [FOLDER FOR PICTURES]
import { createRequire } from "node:module";
import { existsSync } from "node:fs";

const require = createRequire(`${process.env.MODULES ?? process.cwd()}/`);
const puppeteer = require("puppeteer-core");
const [address, pictures] = process.argv.slice(2);
const browserAt = ["/usr/bin/chromium", "/usr/bin/google-chrome"].find((path) => existsSync(path));

const check = (holds, message) => {
  if (!holds) throw new Error(message);
};

const browser = await puppeteer.launch({ executablePath: browserAt, args: ["--no-sandbox", "--disable-gpu"] });
try {
  const page = await browser.newPage();
  await page.setViewport({ width: 1400, height: 900 });
  const problems = [];
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
  const text = (selector) => page.$eval(selector, (node) => node.textContent);
  const until = (what, holds, ...args) =>
    page.waitForFunction(holds, { timeout: 20000 }, ...args).catch(() => {
      throw new Error(`waited in vain for ${what}; ${problems.join("; ")}`);
    });
  const replace = (from, to) =>
    page.evaluate(
      ([from, to]) => {
        const view = window.playground.view();
        const at = view.state.doc.toString().indexOf(from);
        view.dispatch({ changes: { from: at, to: at + from.length, insert: to } });
      },
      [from, to],
    );

  await page.goto(address);
  await until("the tests", () => document.querySelectorAll("#tests .passed").length === 6);
  check((await text("#status")).includes("all 6 tests pass"), await text("#status"));
  await until("a curve", () => document.querySelectorAll("#curve svg path").length > 0);
  if (pictures) await page.screenshot({ path: `${pictures}/playground.png` });

  await replace("$99.00 per month", "$99,00 per month");
  await until("a finding", () => document.querySelectorAll(".cm-lintRange-error").length > 0);
  await replace("$99,00 per month", "$98.00 per month");
  await until("failing tests", () => document.querySelectorAll("#tests .failed").length > 0);
  check((await text("#tests")).includes("expected $99.00, got $98.00"), await text("#tests"));
  await replace("$98.00 per month", "$99.00 per month");
  await until("passing tests", () => document.querySelectorAll("#tests .passed").length === 6);

  // The curve of another price, by keyboard.
  await page.focus("#price");
  await page.keyboard.press("ArrowDown");
  await until("the other curve", () => document.querySelector("#curve svg")?.getAttribute("aria-label").startsWith("extra_calls"));

  // The invoice follows the text and the usage.
  await until("an invoice", () => document.querySelector("#invoice p")?.textContent.endsWith(": $258.00"));
  await replace("$99.00 per month", "$89.00 per month");
  await until("the invoice of another price", () => document.querySelector("#invoice p")?.textContent.endsWith(": $238.00"));
  await replace("$89.00 per month", "$99.00 per month");
  await page.click("summary");
  const write = (change) => page.$eval("#usage", (area, change) => {
    const at = area.value.indexOf("\n");
    area.value = change === "" ? area.value.slice(at + 1) : `${change}\n${area.value}`;
    area.dispatchEvent(new Event("input"));
  }, change);
  await write("{}");
  await until("the line that does not count", () => document.querySelector("#invoice .bad")?.textContent.startsWith("line 1 does not count: "));
  if (pictures) await page.screenshot({ path: `${pictures}/playground-invoice.png` });
  await write("");
  await until("usage without it", () => document.querySelector("#invoice p")?.textContent.endsWith(": $258.00") && !document.querySelector("#invoice .bad"));

  // Completion.
  await page.evaluate(() => {
    const view = window.playground.view();
    const at = view.state.doc.toString().indexOf("  waterfall {");
    view.dispatch({ changes: { from: at, insert: "  price more on \n" }, selection: { anchor: at + 16 } });
    view.focus();
  });
  await page.keyboard.down("Control");
  await page.keyboard.press("Space");
  await page.keyboard.up("Control");
  await until("completions", () => [...document.querySelectorAll(".cm-completionLabel")].some((node) => node.textContent === "api_calls"));
  await page.keyboard.press("Escape");
  await replace("  price more on \n", "");

  // Forms write a meter, a price with tiers and a tier, and nothing that cannot be read.
  const whole = () => page.evaluate(() => window.playground.view().state.doc.toString());
  const fill = async (form, values) => {
    for (const [name, value] of Object.entries(values)) {
      const field = await page.waitForSelector(`#${form} [name=${name}]`, { visible: true });
      if (await field.evaluate((node) => node.tagName === "SELECT")) await field.select(value);
      else {
        await field.evaluate((node) => (node.value = ""));
        await field.type(value);
      }
    }
  };
  const add = async (form) => {
    await page.click(`#${form} [type=submit]`);
    await page.waitForFunction((form) => !document.getElementById(form).open, { timeout: 20000 }, form);
  };
  await page.click("[data-form=meter-form]");
  await fill("meter-form", { name: "9 lives", how: "sum", event: "upload", field: "size", unit: "GB" });
  await page.click("#meter-form [type=submit]");
  await until("why the name is refused", () => document.querySelector("#meter-form [role=alert]").textContent.includes("cannot be a name"));
  if (pictures) await page.screenshot({ path: `${pictures}/playground-meter.png` });
  await fill("meter-form", { name: "uploads" });
  await add("meter-form");
  let now = await whole();
  check(now.includes("event upload { size: GB }\nmeter uploads = sum of upload.size"), now);
  check(/use std\.units \(seat, call, GB\)/.test(now), "the unit is imported");

  await page.click("[data-form=price-form]");
  await fill("price-form", { body: "starter", name: "storing", meter: "uploads", unit: "GB", shape: "graduated", amount: "0.05" });
  await page.type("#tier-rows [data-up-to]", "10");
  await page.type("#tier-rows [data-amount]", "0.10");
  await page.click("#more-tiers");
  await page.type("#tier-rows > :nth-child(2) [data-up-to]", "1k");
  await page.type("#tier-rows > :nth-child(2) [data-amount]", "0.08");
  if (pictures) await page.screenshot({ path: `${pictures}/playground-price.png` });
  await add("price-form");
  await until("the price", () => /price storing on uploads \{\s+graduated per GB \{\s+up to 10 GB\s+\$0\.10\s+up to 1k GB\s+\$0\.08\s+beyond\s+\$0\.05/.test(window.playground.view().state.doc.toString()));
  await until("the new price in the list", () => [...document.querySelectorAll("#price option")].some((node) => node.textContent === "storing in starter"));

  await page.click("[data-form=tier-form]");
  await page.waitForSelector("#tier-form[open]");
  const chosen = await page.$$eval("#tier-form [name=price] option", (all) => all.find((node) => node.textContent === "storing in starter").value);
  await fill("tier-form", { price: chosen, upTo: "1_000", amount: "0.09" });
  await page.click("#tier-form [type=submit]");
  await until("why the tier is refused", () => document.querySelector("#tier-form [role=alert]").textContent.includes("already"));
  await fill("tier-form", { upTo: "100" });
  await add("tier-form");
  await until("the tier in its place", () => /up to 10 GB\s+\$0\.10\s+up to 100 GB\s+\$0\.09\s+up to 1k GB/.test(window.playground.view().state.doc.toString()));
  await until("tests that still pass", () => document.querySelectorAll("#tests .passed").length === 6);
  check((await page.$$(".cm-lintRange-error")).length === 0, "what the forms wrote has no errors");

  await page.click("#add-test");
  await until("a test to fill in", () => document.querySelectorAll("#tests .pending").length === 1);
  check((await text("#status")).includes("1 of 7 tests to fill in"), await text("#status"));
  if (pictures) await page.screenshot({ path: `${pictures}/playground-forms.png` });

  // A link holds the text.
  await replace("fee platform", "fee my_platform");
  await page.click("#share");
  const link = page.url();
  check(link.includes("#"), link);
  const other = await browser.newPage();
  await other.goto(link);
  await other.waitForFunction(() => window.playground?.view()?.state.doc.toString().includes("fee my_platform"), { timeout: 20000 });
  await other.close();

  // The enterprise contract finds its modules.
  await page.select("#example", "file:///playground/04-enterprise-contract/globex.price");
  await until("its tests", () => document.querySelectorAll("#tests .passed").length === 2);
  await page.setViewport({ width: 420, height: 900 });
  await page.click("[data-form=price-form]");
  await page.waitForSelector("#price-form[open]");
  const outside = await page.$eval("#price-form", (node) => node.scrollWidth > node.clientWidth);
  check(!outside, "a form is wider than a phone");
  await page.click("#price-form [data-cancel]");
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: "dark" }]);
  if (pictures) await page.screenshot({ path: `${pictures}/playground-phone.png` });
  const wide = await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);
  check(!wide, "the page is wider than a phone");
  check(problems.length === 0, problems.join("; "));
  console.log("playground: tests, findings, invoices, curves, completion, forms, links, modules");
} finally {
  await browser.close();
}
