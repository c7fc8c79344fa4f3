// The `price` program: where it is, and what it says.

import { execFile } from 'node:child_process';
import { homedir } from 'node:os';
import * as path from 'node:path';
import * as vscode from 'vscode';

/** The program as the settings name it. */
export function program(): string {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
  const written = vscode.workspace.getConfiguration('price').get<string>('path', '').trim() || 'price';
  let found = written.replace(/^~(?=$|[\\/])/, homedir());
  if (folder !== undefined) found = found.replace(/^\$\{workspaceFolder\}/, folder);
  const alone = !/[\\/]/.test(found);
  return alone || path.isAbsolute(found) || folder === undefined ? found : path.join(folder, found);
}

/** What the program prints; an error with what it complains about. */
export function run(args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(program(), args, { timeout: 10_000, windowsHide: true }, (error, stdout, stderr) => {
      if (error) reject(new Error(stderr.trim() || error.message));
      else resolve(stdout);
    });
  });
}
