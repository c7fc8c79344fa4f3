// The pictures of the README, made in a real window without a screen, and a look at what the window shows.
// Needs Chromium, puppeteer-core (in MODULES) and a server of the workbench with the extension:
//   code-server --auth none --install-extension price-0.1.0.vsix
//   code-server --auth none --disable-workspace-trust --bind-addr 127.0.0.1:8080
//   MODULES=… node scripts/pictures.mjs http://127.0.0.1:8080 /path/to/a/copy/of/examples
import { createRequire } from 'node:module';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const [address, folder] = process.argv.slice(2);
const puppeteer = createRequire(`${process.env.MODULES ?? process.cwd()}/`)('puppeteer-core');
const images = join(dirname(fileURLToPath(import.meta.url)), '../images');
const example = join(folder, '01-saas-seats.price');
const original = readFileSync(example, 'utf8');

const browser = await puppeteer.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
});
const page = await browser.newPage();
const size = { width: 1080, height: 620 };
await page.setViewport(size);

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
/** Waits for a text in the window. */
const until = (text, selector = 'body') =>
  page.waitForFunction(
    (text, selector) => [...document.querySelectorAll(selector)].some((node) => node.textContent.replaceAll('\u00a0', ' ').includes(text)),
    { timeout: 30_000 },
    text,
    selector,
  );
const keys = async (...names) => {
  for (const name of names) await page.keyboard.down(name);
  for (const name of names.reverse()) await page.keyboard.up(name);
};
/** Types into the box at the top, and takes the first that fits. */
const choose = async (text, shown = text) => {
  await page.waitForSelector('.quick-input-widget input', { visible: true });
  await page.keyboard.type(text);
  await until(shown, '.quick-input-list .monaco-list-row.focused');
  await page.keyboard.press('Enter');
};
const command = async (name) => {
  await keys('F1');
  await choose(name);
};
/** Puts the cursor to a text of the example: line by line, as it may not be in sight. */
const go = async (text, inside = 0) => {
  const before = readFileSync(example, 'utf8').split(text)[0].split('\n');
  await keys('Control', 'g');
  await page.waitForSelector('.quick-input-widget input', { visible: true });
  await page.keyboard.type(`${before.length}:${before.at(-1).length + 1 + inside}`);
  await page.keyboard.press('Enter');
  await pause(800);
};
/** Changes the file, and waits until the window shows it. */
const write = async (change, shown, selector) => {
  writeFileSync(example, change(original));
  await until(shown, selector);
};
/** Waits until the panel, a page of its own inside the window, has drawn a curve. */
const drawn = async () => {
  for (let tries = 0; tries < 60; tries += 1) {
    for (const frame of page.frames()) {
      if (await frame.$('svg path.line').catch(() => null)) return;
    }
    await pause(500);
  }
  throw new Error('no curve is drawn');
};
const picture = async (name) => {
  await pause(1500);
  mkdirSync(images, { recursive: true });
  await page.screenshot({ path: join(images, `${name}.png`), clip: { x: 0, y: 0, ...size }, captureBeyondViewport: false });
};

try {
  await page.goto(`${address}/?folder=${encodeURIComponent(folder)}`);
  await until('01-saas-seats.price', '.explorer-viewlet');
  await keys('Control', 'p');
  await choose('01-saas-seats.price');
  // Lines above a plan and a price, totals beside tiers.
  await until('invoices of 2026-01: $258.00', '.codelens-decoration');

  // The curve of a price, beside it.
  await go('extra_calls on');
  await until('$250.00', '.view-line');
  await command('Price: Show Price Curve');
  await until('extra_calls: curve', '.tab');
  await drawn();
  await keys('Control', '1');
  await keys('Control', 'b');
  await picture('curve');
  await command('View: Close Editors in Other Groups');

  // A hover with its table and its curve.
  // A hover is as high as half of the window.
  await page.setViewport({ ...size, height: 1000 });
  await go('extra_calls on', 3);
  await command('Show or Focus Hover');
  await until('total at the end', '.monaco-hover');
  await picture('hover');
  await keys('Escape');
  await page.setViewport(size);

  // A finding with the choices that mend it.
  writeFileSync(example, original.replace('  rounding  each line half-up to cents\n', ''));
  await go('starter {', 2);
  await page.waitForSelector('.squiggly-error', { timeout: 60_000 });
  await keys('Control', '.');
  await page.waitForSelector('.action-widget', { visible: true, timeout: 60_000 });
  await picture('fix');
  await keys('Escape');
  writeFileSync(example, original);
  await page.waitForFunction(() => !document.querySelector('.squiggly-error'), { timeout: 60_000 });

  // A test that fails, with what was expected and what was computed.
  await write((text) => text.replace('$15.00 per seat', '$16.00 per seat'), '$16.00', '.view-line');
  await command('Testing: Focus on Test Explorer View');
  await until('01-saas-seats.price', '.monaco-list-row');
  await keys('Control', '1');
  await go('test "two seats', 8);
  await command('Price: Run Tests');
  await until('$32.00', '.part');
  await picture('tests');
} catch (error) {
  await page.screenshot({ path: join(folder, 'window.png') });
  console.error(`the window as it was: ${join(folder, 'window.png')}`);
  throw error;
} finally {
  writeFileSync(example, original);
  await browser.close();
}
