// The tests of all files in the test view.

import * as vscode from 'vscode';
import type { DocumentSymbol, Range } from 'vscode-languageclient';
import { RUN_TESTS, type RunTests, type TestReport } from './protocol';
import { isTest, resultOf, touches } from './results';
import type { Server } from './server';

const QUIET = 400;
const FILES = 2_000;
const LEFT_OUT = '**/{node_modules,target}/**';

export class Tests implements vscode.Disposable {
  private readonly controller = vscode.tests.createTestController('price', 'Price');
  private readonly profile: vscode.TestRunProfile;
  private readonly timers = new Map<string, NodeJS.Timeout>();
  private readonly watched = new Set<vscode.TestRunRequest>();
  private readonly disposables: vscode.Disposable[] = [this.controller];

  constructor(private readonly server: Server) {
    this.profile = this.controller.createRunProfile(
      'Run',
      vscode.TestRunProfileKind.Run,
      (request, token) => this.start(request, token),
      true,
      undefined,
      true,
    );
    this.controller.resolveHandler = (item) => (item === undefined ? this.discover() : this.read(item));
    this.controller.refreshHandler = () => this.discover();
    const files = vscode.workspace.createFileSystemWatcher('**/*.price');
    this.disposables.push(
      this.profile,
      files,
      files.onDidCreate((uri) => this.later(uri)),
      files.onDidChange((uri) => this.later(uri)),
      files.onDidDelete((uri) => this.controller.items.delete(uri.toString())),
      vscode.workspace.onDidOpenTextDocument((document) => this.noticed(document)),
      vscode.workspace.onDidChangeTextDocument((event) => this.noticed(event.document)),
      vscode.workspace.onDidSaveTextDocument((document) => this.rerun(document)),
      vscode.workspace.onDidChangeWorkspaceFolders(() => void this.discover()),
      server.onStarted(() => void this.discover()),
    );
  }

  dispose(): void {
    for (const timer of this.timers.values()) clearTimeout(timer);
    for (const disposable of this.disposables) disposable.dispose();
  }

  /** Runs the tests of a file, or those that touch a range. */
  async run({ uri, range }: RunTests): Promise<void> {
    const file = this.file(vscode.Uri.parse(uri));
    await this.read(file);
    const tests = all(file.children).filter((test) => range === undefined || touches(plain(test.range), range));
    if (tests.length === 0) {
      void vscode.window.showInformationMessage('There are no tests in this file.');
      return;
    }
    const include = range === undefined ? [file] : tests;
    const source = new vscode.CancellationTokenSource();
    try {
      await this.start(new vscode.TestRunRequest(include, undefined, this.profile), source.token);
    } finally {
      source.dispose();
    }
  }

  /** Runs the tests of the file that is edited, or all where none is. */
  async runHere(): Promise<void> {
    const document = vscode.window.activeTextEditor?.document;
    if (document?.languageId === 'price') {
      await this.run({ uri: document.uri.toString() });
    } else {
      await vscode.commands.executeCommand('testing.runAll');
    }
  }

  private file(uri: vscode.Uri): vscode.TestItem {
    const id = uri.toString();
    const known = this.controller.items.get(id);
    if (known) return known;
    const item = this.controller.createTestItem(id, vscode.workspace.asRelativePath(uri), uri);
    item.canResolveChildren = true;
    this.controller.items.add(item);
    return item;
  }

  private async discover(): Promise<void> {
    const uris = await vscode.workspace.findFiles('**/*.price', LEFT_OUT, FILES);
    const open = vscode.workspace.textDocuments.filter((document) => document.languageId === 'price');
    const files = new Map([...uris, ...open.map((document) => document.uri)].map((uri) => [uri.toString(), uri]));
    for (const known of all(this.controller.items)) {
      if (!files.has(known.id)) this.controller.items.delete(known.id);
    }
    if (!this.server.running) return;
    await Promise.all([...files.values()].map((uri) => this.read(this.file(uri))));
  }

  private noticed(document: vscode.TextDocument): void {
    if (document.languageId === 'price') this.later(document.uri);
  }

  private later(uri: vscode.Uri): void {
    const id = uri.toString();
    clearTimeout(this.timers.get(id));
    const read = () => {
      this.timers.delete(id);
      void this.read(this.file(uri));
    };
    this.timers.set(id, setTimeout(read, QUIET));
  }

  /** Makes the items of a file what its tests are now. */
  private async read(file: vscode.TestItem): Promise<void> {
    if (file.uri === undefined || !this.server.running) return;
    let symbols: DocumentSymbol[];
    try {
      const textDocument = { uri: file.id };
      symbols = (await this.server.ask<DocumentSymbol[] | null>('textDocument/documentSymbol', { textDocument })) ?? [];
    } catch (error) {
      file.error = String(error);
      return;
    }
    file.error = undefined;
    const seen = new Map<string, number>();
    const items = symbols.filter(isTest).map((symbol) => {
      // Two tests may have one title.
      const count = (seen.get(symbol.name) ?? 0) + 1;
      seen.set(symbol.name, count);
      const id = count === 1 ? symbol.name : `${symbol.name} (${count})`;
      const item = file.children.get(id) ?? this.controller.createTestItem(id, symbol.name, file.uri);
      item.range = range(symbol.range);
      item.sortText = String(symbol.range.start.line).padStart(7, '0');
      return item;
    });
    file.children.replace(items);
    // A file without tests is not shown.
    if (items.length === 0) this.controller.items.delete(file.id);
  }

  private async start(request: vscode.TestRunRequest, token: vscode.CancellationToken): Promise<void> {
    if (request.continuous) {
      this.watched.add(request);
      token.onCancellationRequested(() => this.watched.delete(request));
    }
    await this.execute(request, token);
  }

  private rerun(document: vscode.TextDocument): void {
    if (document.languageId !== 'price') return;
    for (const request of this.watched) {
      const source = new vscode.CancellationTokenSource();
      void this.execute(request, source.token).finally(() => source.dispose());
    }
  }

  private async execute(request: vscode.TestRunRequest, token: vscode.CancellationToken): Promise<void> {
    const run = this.controller.createTestRun(request);
    try {
      const files = new Set((request.include ?? all(this.controller.items)).map((item) => item.parent ?? item));
      for (const file of files) {
        if (token.isCancellationRequested) break;
        await this.read(file);
        const tests = chosen(file, request);
        tests.forEach((test) => run.started(test));
        try {
          await this.executeFile(run, file, tests, token);
        } catch (error) {
          const message = new vscode.TestMessage(error instanceof Error ? error.message : String(error));
          tests.forEach((test) => run.errored(test, message));
        }
      }
    } finally {
      run.end();
    }
  }

  private async executeFile(
    run: vscode.TestRun,
    file: vscode.TestItem,
    tests: vscode.TestItem[],
    token: vscode.CancellationToken,
  ): Promise<void> {
    const whole = tests.length === file.children.size;
    const asked: RunTests[] = whole
      ? [{ uri: file.id }]
      : tests.map((test) => ({ uri: file.id, range: plain(test.range) }));
    const reports: TestReport[] = [];
    for (const params of asked) {
      reports.push(...(await this.server.ask<{ tests: TestReport[] }>(RUN_TESTS, params, token)).tests);
    }
    for (const test of tests) {
      const result = resultOf(plain(test.range), reports);
      const rows = result.parts > 1 ? ` (${result.parts} rows)` : '';
      run.appendOutput(`${WORDS[result.outcome]} ${test.label}${rows}\r\n`, undefined, test);
      switch (result.outcome) {
        case 'passed':
          run.passed(test);
          break;
        case 'failed':
          run.failed(test, result.failures.map((failure) => message(failure, test)));
          break;
        case 'pending':
          run.appendOutput('     an amount is still `?`\r\n', undefined, test);
          run.skipped(test);
          break;
        case 'missing':
          run.errored(test, new vscode.TestMessage('This test cannot be run: its file has findings.'));
          break;
      }
    }
  }
}

const WORDS = { passed: 'ok  ', failed: 'FAIL', pending: '?   ', missing: '-   ' };

function message(failure: ReturnType<typeof resultOf>['failures'][number], test: vscode.TestItem): vscode.TestMessage {
  const text = failure.row === undefined ? failure.message : `${failure.row}: ${failure.message}`;
  const { expected, actual } = failure;
  const made =
    expected !== undefined && actual !== undefined
      ? vscode.TestMessage.diff(text, expected, actual)
      : new vscode.TestMessage(text);
  if (test.uri) made.location = new vscode.Location(test.uri, range(failure.range));
  return made;
}

function chosen(file: vscode.TestItem, request: vscode.TestRunRequest): vscode.TestItem[] {
  const included = request.include;
  return all(file.children).filter((test) => {
    const wanted = included === undefined || included.includes(file) || included.some((item) => item.id === test.id && item.parent === file);
    return wanted && !request.exclude?.includes(test) && !request.exclude?.includes(file);
  });
}

function all(items: vscode.TestItemCollection): vscode.TestItem[] {
  return [...items].map(([, item]) => item);
}

function range({ start, end }: Range): vscode.Range {
  return new vscode.Range(start.line, start.character, end.line, end.character);
}

function plain(from: vscode.Range | undefined): Range {
  const place = (at: vscode.Position | undefined) => ({ line: at?.line ?? 0, character: at?.character ?? 0 });
  return { start: place(from?.start), end: place(from?.end) };
}
