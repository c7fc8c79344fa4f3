// The playground in a real browser without a screen: an example is there and passes, a mistake is
// marked, a test fails and passes again, a curve is drawn, a link brings the text back.
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
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: "dark" }]);
  if (pictures) await page.screenshot({ path: `${pictures}/playground-phone.png` });
  const wide = await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);
  check(!wide, "the page is wider than a phone");
  check(problems.length === 0, problems.join("; "));
  console.log("playground: tests, findings, curves, completion, links, modules");
} finally {
  await browser.close();
}
