// Entry: puts the parts together.

import * as vscode from 'vscode';
import type { Location, Position } from 'vscode-languageclient';
import { Curves } from './curve';
import { explain } from './explain';
import type { Place, RunTests } from './protocol';
import { Server } from './server';
import { tasks } from './tasks';
import { Tests } from './tests';

let server: Server | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  server = new Server();
  const started = server;
  const tests = new Tests(started);
  const curves = new Curves(started);
  // Commands of lenses, which the client registers while the server runs.
  started.handle('price.runTests', (argument) => tests.run(argument as RunTests));
  started.handle('price.showCurve', (argument) => curves.show(argument as Place));
  const command = (name: string, action: () => Promise<unknown>) =>
    vscode.commands.registerCommand(name, async () => {
      try {
        await action();
      } catch (error) {
        void vscode.window.showErrorMessage(`Price: ${error instanceof Error ? error.message : String(error)}`);
      }
    });
  context.subscriptions.push(
    tests,
    curves,
    explain(),
    tasks(),
    command('price.restartServer', () => started.restart()),
    command('price.runTestsInFile', () => tests.runHere()),
    command('price.showPriceCurve', () => curves.showAtCursor()),
    vscode.commands.registerCommand('price.showReferences', showReferences),
  );
  await started.restart();
}

export async function deactivate(): Promise<void> {
  await server?.dispose();
  server = undefined;
}

/** What a lens sends is plain; the editor wants objects of its own. */
async function showReferences(uri: string, position: Position, locations: Location[]): Promise<void> {
  const place = (at: Position) => new vscode.Position(at.line, at.character);
  const found = locations.map(
    ({ uri: file, range }) => new vscode.Location(vscode.Uri.parse(file), new vscode.Range(place(range.start), place(range.end))),
  );
  await vscode.commands.executeCommand('editor.action.showReferences', vscode.Uri.parse(uri), place(position), found);
}
