// Bundles the extension into dist/, or with --tests the tests into out/.
import * as esbuild from 'esbuild';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = import.meta.dirname ?? new URL('.', import.meta.url).pathname;

const extension = {
  absWorkingDir: root,
  entryPoints: ['src/extension.ts'],
  outfile: 'dist/extension.js',
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  external: ['vscode'],
  minify: true,
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
};

const tests = {
  absWorkingDir: root,
  entryPoints: ['test/index.ts'],
  outfile: 'out/test.mjs',
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  packages: 'external',
  sourcemap: 'inline',
  logLevel: 'warning',
};

/** The licences of everything that is in the bundle beside our own code. */
function notices(metafile) {
  const packages = new Set();
  for (const input of Object.keys(metafile.inputs)) {
    const found = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input);
    if (found) packages.add(found[1]);
  }
  const parts = [];
  for (const folder of [...packages].sort()) {
    const about = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
    const file = readdirSync(join(root, folder)).find((name) => /^licen[cs]e/i.test(name));
    if (!file) throw new Error(`${folder} has no licence`);
    const text = readFileSync(join(root, folder, file), 'utf8').replaceAll('\r\n', '\n').trim();
    parts.push(`${about.name} ${about.version} (${about.license})\n\n${text}\n`);
  }
  return `The extension contains these packages.\n\n${parts.join(`\n${'-'.repeat(72)}\n\n`)}`;
}

/** The page of the extension in the editor, which shows no pictures of its own package; the first steps do. */
function withoutPictures(text) {
  return text.replace(/^ *!\[.*\]\(images\/.*\)\n\n?/gm, '');
}

if (process.argv.includes('--watch')) {
  const context = await esbuild.context({ ...extension, minify: false, sourcemap: 'inline' });
  await context.watch();
} else {
  const { metafile } = await esbuild.build(extension);
  writeFileSync(join(root, 'dist/NOTICES.txt'), notices(metafile));
  writeFileSync(join(root, 'dist/README.md'), withoutPictures(readFileSync(join(root, 'README.md'), 'utf8')));
  if (process.argv.includes('--tests')) await esbuild.build(tests);
}
