// The page of `price serve --demo` in a real browser without a screen: events come in, one of them has a
// path to a line of the contract, an invoice forms and another is issued, everything is reached by
// keyboard, nothing is wider than a phone.
//   node tests/external/page.mjs URL [FOLDER FOR PICTURES]
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
  const problems = [];
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
  const until = (what, holds, ...args) =>
    page.waitForFunction(holds, { timeout: 20000 }, ...args).catch(async () => {
      const shown = await page.evaluate(() => document.body.innerText.slice(0, 500));
      throw new Error(`waited in vain for ${what}; ${problems.join("; ")}; the page says ${shown}`);
    });
  const holds = (text) => until(text, (text) => document.body.innerText.includes(text), text);
  const picture = (name) => pictures && page.screenshot({ path: `${pictures}/page-${name}.png` });

  await page.setViewport({ width: 1280, height: 900 });
  await page.goto(address);
  await until("events", () => document.querySelectorAll("tr.fresh").length >= 3);
  await holds("INV-000001");
  await picture("overview");

  // By keyboard: the skip link is first, then the views.
  await page.keyboard.press("Tab");
  check((await page.evaluate(() => document.activeElement.className)) === "skip", "the skip link is not first");
  for (let at = 0; at < 3; at++) await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await until("the accounts", () => document.querySelector("h1")?.textContent === "Accounts");
  await until("the focus where the view begins", () => document.activeElement.id === "content");

  await page.goto(`${address}#/accounts/acme`);
  await holds("What is owed for");
  await until("a chart of the wallet", () => document.querySelector("svg.chart path"));
  const owed = () => page.$eval("tr.sum .num", (node) => node.textContent);
  const before = await owed();
  await until("an invoice that forms", (before) => document.querySelector("tr.sum .num").textContent !== before, before);
  await holds("What it may do");
  await picture("account");

  await page.goto(`${address}#/events`);
  await until("events", () => document.querySelectorAll("tbody tr").length > 0);
  const event = await page.$eval("tbody a", (link) => link.getAttribute("href"));
  await page.goto(`${address}${event}`);
  await until("the path", () => document.querySelectorAll("ol.path > li").length >= 4);
  await until("the line of the contract", () => document.querySelector("pre.code mark")?.textContent.trim().startsWith("price "));
  check(await page.$eval("pre.code", (box) => box.querySelectorAll(".l").length > 20 && box.scrollTop > 0), "the contract does not stand around the rule");
  await picture("path");

  // From a line of what was issued to the contract and to its file, by keyboard.
  await page.goto(`${address}#/invoices/INV-000001`);
  await until("the lines of the invoice", () => document.querySelector("button.place"));
  await page.focus("button.place");
  await page.keyboard.press("Enter");
  await until("the contract beside the line", () => document.querySelector("tr.beside pre.code mark"));
  await picture("line");
  const whole = await page.$eval("tr.beside a", (link) => link.getAttribute("href"));
  await until("the invoice", () => document.querySelector("iframe")?.srcdoc.includes("Invoice INV-000001"));
  await page.goto(`${address}#/plans`);
  await holds("in force");
  await page.click("tbody a");
  await until("the rules", () => document.querySelectorAll(".rules a").length > 3);
  await page.goto(`${address}${whole}`);
  await until("the line in its file", () => document.querySelector("pre.code.tall mark"));
  await picture("file");
  await page.goto(`${address}docs`);
  await until("the interface", () => document.querySelectorAll("details.card").length > 30);
  await page.goto(`${address}#/rejects`);
  await holds("Everything that came fits.");

  await page.goto(`${address}#/notices`);
  await holds("Nobody is told");
  // A month is an address: from the path to the month in which it is billed.
  await page.goto(`${address}${event}`);
  await until("the month", () => [...document.querySelectorAll("ol.path h2 a")].at(-1)?.hash.split("/").length === 4);
  await page.evaluate(() => [...document.querySelectorAll("ol.path h2 a")].at(-1).click());
  await until("the draft of the month", () => document.querySelector("tr.sum"));
  check(await page.$eval("input[type=date]", (input) => input.value.endsWith("-01")), "the month of the address is not shown");

  // A phone, dark: nothing is wider than the screen.
  await page.setViewport({ width: 390, height: 844 });
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: "dark" }]);
  for (const view of ["", "accounts", "accounts/acme", "events", event.slice(2), "invoices", "invoices/INV-000001", "plans", whole.slice(2), "notices", "rejects", "api"]) {
    await page.goto(`${address}#/${view}`);
    await until(`the view ${view}`, () => document.querySelector("main h1")?.textContent);
    await new Promise((done) => setTimeout(done, 300));
    const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    check(wider <= 0, `${view} is ${wider} pixels wider than a phone`);
  }
  await picture("phone");
  check(problems.length === 0, problems.join("; "));
  console.log("the page of the server works");
} finally {
  await browser.close();
}
