// The panel that draws a price, and follows the text.

import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import type { DocumentSymbol } from 'vscode-languageclient';
import { moved, type Point } from './moved';
import { CURVE, type Chart, type Place } from './protocol';
import type { Server } from './server';
import { page } from './svg';

const QUIET = 250;

interface Shown {
  uri: string;
  position: Point;
}

export class Curves implements vscode.Disposable {
  private panel: vscode.WebviewPanel | undefined;
  private shown: Shown | undefined;
  private timer: NodeJS.Timeout | undefined;
  private readonly disposables: vscode.Disposable[];

  constructor(private readonly server: Server) {
    this.disposables = [
      vscode.workspace.onDidChangeTextDocument((event) => this.follow(event)),
      server.onStarted(() => this.later()),
    ];
  }

  dispose(): void {
    clearTimeout(this.timer);
    for (const disposable of this.disposables) disposable.dispose();
    this.panel?.dispose();
  }

  /** Draws the price at a place. */
  async show(place: Place): Promise<void> {
    const chart = await this.server.ask<Chart | null>(CURVE, place);
    if (chart === null) {
      void vscode.window.showInformationMessage('There is no price here to draw.');
      return;
    }
    this.shown = { uri: place.textDocument.uri, position: place.position };
    this.draw(chart);
    this.panel?.reveal(undefined, true);
  }

  /** Draws the price under the cursor, or the one whose block the cursor is in. */
  async showAtCursor(): Promise<void> {
    const editor = vscode.window.activeTextEditor;
    if (editor === undefined || editor.document.languageId !== 'price') {
      void vscode.window.showInformationMessage('Open a .price file and put the cursor on a price.');
      return;
    }
    const textDocument = { uri: editor.document.uri.toString() };
    const cursor: Point = { line: editor.selection.active.line, character: editor.selection.active.character };
    const symbols = await this.server.ask<DocumentSymbol[] | null>('textDocument/documentSymbol', { textDocument });
    const places = [cursor, ...around(symbols ?? [], cursor)];
    for (const position of places) {
      const chart = await this.server.ask<Chart | null>(CURVE, { textDocument, position });
      if (chart !== null) return this.show({ textDocument, position });
    }
    void vscode.window.showInformationMessage('Put the cursor on a price or inside its braces.');
  }

  private draw(chart: Chart): void {
    if (this.panel === undefined) {
      const beside = { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true };
      const options = { enableScripts: false, enableForms: false, enableCommandUris: false, localResourceRoots: [] };
      this.panel = vscode.window.createWebviewPanel('price.curve', chart.name, beside, options);
      this.panel.onDidDispose(() => {
        this.panel = undefined;
        this.shown = undefined;
      });
    }
    this.panel.title = `${chart.name}: curve`;
    this.panel.webview.html = page(chart, randomBytes(16).toString('hex'));
  }

  private follow(event: vscode.TextDocumentChangeEvent): void {
    const shown = this.shown;
    if (shown === undefined || event.contentChanges.length === 0) return;
    if (event.document.uri.toString() === shown.uri) {
      for (const change of event.contentChanges) shown.position = moved(shown.position, change);
    }
    // A change elsewhere may change this price too.
    if (event.document.languageId === 'price') this.later();
  }

  private later(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.redraw(), QUIET);
  }

  private async redraw(): Promise<void> {
    if (this.shown === undefined || !this.server.running) return;
    const { uri, position } = this.shown;
    try {
      const chart = await this.server.ask<Chart | null>(CURVE, { textDocument: { uri }, position });
      // While a line is half written there is no price; the last one stays.
      if (chart !== null && this.panel !== undefined) this.draw(chart);
    } catch {
      // The server is being restarted, and draws when it is back.
    }
  }
}

/** The names of the symbols around a place, innermost first. */
function around(symbols: DocumentSymbol[], place: Point): Point[] {
  for (const symbol of symbols) {
    const { start, end } = symbol.range;
    const after = place.line > start.line || (place.line === start.line && place.character >= start.character);
    const before = place.line < end.line || (place.line === end.line && place.character <= end.character);
    if (after && before) return [...around(symbol.children ?? [], place), symbol.selectionRange.start];
  }
  return [];
}
