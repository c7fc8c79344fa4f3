// The grammar on real files, the picture of a curve, the files of the package.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { PassThrough } from 'node:stream';
import test from 'node:test';
import oniguruma from 'vscode-oniguruma';
import textmate from 'vscode-textmate';
import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-jsonrpc/node.js';
import { reason } from '../src/reason';
import { isTest, resultOf } from '../src/results';
import { send } from '../src/send';
import { escape, page, short, svg } from '../src/svg';

const require = createRequire(import.meta.url);

async function scopes(text: string): Promise<[string, string[]][]> {
  const wasm = readFileSync(require.resolve('vscode-oniguruma/release/onig.wasm'));
  await oniguruma.loadWASM(wasm);
  const registry = new textmate.Registry({
    onigLib: Promise.resolve({
      createOnigScanner: (patterns: string[]) => new oniguruma.OnigScanner(patterns),
      createOnigString: (one: string) => new oniguruma.OnigString(one),
    }),
    loadGrammar: async (name: string) =>
      name === 'source.price' ? textmate.parseRawGrammar(readFileSync('syntaxes/price.tmLanguage.json', 'utf8'), 'price.json') : null,
  });
  const grammar = await registry.loadGrammar('source.price');
  assert.ok(grammar);
  let stack = textmate.INITIAL;
  const found: [string, string[]][] = [];
  for (const line of text.split('\n')) {
    const { tokens, ruleStack } = grammar.tokenizeLine(line, stack);
    for (const token of tokens) found.push([line.slice(token.startIndex, token.endIndex), token.scopes]);
    stack = ruleStack;
  }
  return found;
}

test('the grammar knows words, amounts, texts and comments', async () => {
  const found = await scopes(readFileSync('../../examples/01-saas-seats.price', 'utf8'));
  const of = (text: string) => found.find(([piece]) => piece.trim() === text)?.[1].join(' ') ?? '';
  assert.match(of('plan'), /keyword|storage/);
  assert.match(of('graduated'), /keyword|storage/);
  const all = found.map(([, scopes]) => scopes.join(' '));
  for (const kind of [/comment/, /string/, /constant\.numeric/, /keyword/]) {
    assert.ok(all.some((scopes) => kind.test(scopes)), String(kind));
  }
  // A text or comment that does not end would colour the rest of the file.
  assert.doesNotMatch(all.at(-2) ?? '', /string|comment/);
});

test('a curve is drawn with its names escaped', () => {
  const drawn = svg({
    name: 'calls <b>',
    unit: 'calls',
    currency: 'USD',
    curves: [
      {
        title: '',
        atZero: '0',
        pieces: [{ from: '0', value: '0', slope: '0.1' }, { from: '1000', value: '80', slope: '0.08' }],
        points: [['0', '0'], ['1000', '100'], ['1000', '80'], ['1500', '120']],
      },
    ],
  });
  assert.match(drawn, /^<svg/);
  assert.doesNotMatch(drawn, /<b>|NaN|undefined/);
  assert.equal(escape('<&>'), '&#60;&#38;&#62;');
  assert.deepEqual([short(12_500), short(3e6)], ['12.5k', '3M']);
});

test('the panel says what the picture does not', () => {
  const straight = { title: '', atZero: '0', pieces: [{ from: '0', value: '0', slope: '2' }], points: [['0', '0'], ['100', '200']] as [string, string][] };
  const chart = { name: 'seats', unit: 'seats', currency: 'USD', curves: [straight], bounds: ['at most $50.00 per month'] };
  const alone = page(chart, 'n');
  assert.match(alone, /Whatever is used: at most \$50\.00 per month\./);
  // One curve is named once, and signs that are not drawn are not explained.
  assert.doesNotMatch(alone, /legend">|<caption>|Dots|dashed line/);
  const jumps = { ...straight, title: 'from 2026-03-01', points: [['0', '0'], ['10', '20'], ['10', '30']] as [string, string][] };
  const both = page({ ...chart, bounds: [], curves: [straight, jumps] }, 'n');
  assert.match(both, /legend">.*<caption>.*/s);
  assert.match(both, /dashed line/);
  assert.doesNotMatch(both, /Whatever/);
});

test('the package holds what it needs and nothing else', () => {
  const listed = execFileSync('node_modules/.bin/vsce', ['ls', '--no-dependencies'], { encoding: 'utf8' });
  const files = listed.split('\n').filter((line) => line && !line.startsWith('>') && !line.includes(' '));
  assert.deepEqual(files.sort(), [
    'CHANGELOG.md', 'LICENSE', 'README.md', 'dist/NOTICES.txt', 'dist/README.md', 'dist/extension.js', 'icon.png',
    'images/curve.png', 'images/tests.png', 'language-configuration.json',
    'package.json', 'syntaxes/price.tmLanguage.json', 'walkthrough/curve.md', 'walkthrough/plan.md',
    'walkthrough/program.md', 'walkthrough/test.md',
  ].sort());
  // The pictures of the first steps are in it; those of the README are there, and small.
  const shown = (path: string) => [...readFileSync(path, 'utf8').matchAll(/\]\((?:\.\.\/)?(images\/[^)]+)\)/g)].map(([, image]) => image as string);
  const steps = files.filter((file) => file.startsWith('walkthrough/')).flatMap(shown);
  assert.deepEqual(steps.sort(), files.filter((file) => file.startsWith('images/')).sort());
  for (const path of shown('README.md')) assert.ok(statSync(path).size < 150_000, path);
  // The editor would show a sign for what is missing instead of them.
  assert.doesNotMatch(readFileSync('dist/README.md', 'utf8'), /!\[/);
});

test('what is asked without a token is one parameter', async () => {
  const [there, back] = [new PassThrough(), new PassThrough()];
  const editor = createMessageConnection(new StreamMessageReader(back), new StreamMessageWriter(there));
  const server = createMessageConnection(new StreamMessageReader(there), new StreamMessageWriter(back));
  server.onRequest((method, params) => ({ method, params }));
  server.listen();
  editor.listen();
  const params = { textDocument: { uri: 'file:///t.price' } };
  for (const token of [undefined, { isCancellationRequested: false, onCancellationRequested: () => ({ dispose: () => {} }) }]) {
    assert.deepEqual(await send(editor, 'price/curve', params, token), { method: 'price/curve', params });
  }
  editor.dispose();
  server.dispose();
});

test('why the program does not run is said', () => {
  assert.equal(reason('price', new Error('spawn price ENOENT')), 'The program “price” was not found.');
  assert.equal(reason('~/p', new Error('\nold version\nmore')), 'The program “~/p” cannot be run: old version.');
});

test('tests and curves of a real server are found', { skip: !process.env.PRICE && 'PRICE does not say where the program is' }, async () => {
  const server = spawn(process.env.PRICE as string, ['lsp'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const editor = createMessageConnection(new StreamMessageReader(server.stdout), new StreamMessageWriter(server.stdin));
  editor.listen();
  try {
    const text = readFileSync('../../examples/01-saas-seats.price', 'utf8');
    const uri = 'file:///t/01-saas-seats.price';
    await send(editor, 'initialize', { capabilities: {} });
    await editor.sendNotification('textDocument/didOpen', { textDocument: { uri, languageId: 'price', version: 1, text } });
    const textDocument = { uri };
    const symbols = await send<any[], never>(editor, 'textDocument/documentSymbol', { textDocument });
    const tests = symbols.filter(isTest);
    assert.ok(tests.length >= 2, JSON.stringify(symbols.map(({ name, detail }) => [name, detail])));
    const reports = (await send<any, never>(editor, 'price/runTests', { uri })).tests;
    for (const one of tests) assert.equal(resultOf(one.range, reports).outcome, 'passed', one.name);
    const price = symbols.flatMap((symbol) => symbol.children ?? []).find((child) => child.name === 'extra_calls');
    const chart = await send<any, never>(editor, 'price/curve', { textDocument, position: price.selectionRange.start });
    assert.match(svg(chart), /^<svg/);
    await editor.sendRequest('shutdown');
    await editor.sendNotification('exit');
  } finally {
    editor.dispose();
    server.kill();
  }
});
