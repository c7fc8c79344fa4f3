// `price check` and `price test` as tasks.

import * as vscode from 'vscode';
import { program } from './program';

interface Definition extends vscode.TaskDefinition {
  verb: 'check' | 'test';
  paths?: string[];
}

export function tasks(): vscode.Disposable {
  return vscode.tasks.registerTaskProvider('price', {
    provideTasks: () =>
      (vscode.workspace.workspaceFolders ?? []).flatMap((folder) =>
        (['check', 'test'] as const).map((verb) => task({ type: 'price', verb }, folder)),
      ),
    resolveTask: ({ definition, scope }) => {
      const known = definition as Definition;
      if (known.verb !== 'check' && known.verb !== 'test') return undefined;
      const folder = typeof scope === 'object' ? scope : vscode.workspace.workspaceFolders?.[0];
      return task(known, folder);
    },
  });
}

function task(definition: Definition, folder: vscode.WorkspaceFolder | undefined): vscode.Task {
  const args = [definition.verb, '--color', 'never', '--output-format', 'concise', ...(definition.paths ?? [])];
  const execution = new vscode.ProcessExecution(program(), args, folder && { cwd: folder.uri.fsPath });
  const matchers = definition.verb === 'test' ? ['$price', '$price-test'] : ['$price'];
  const made = new vscode.Task(definition, folder ?? vscode.TaskScope.Workspace, definition.verb, 'price', execution, matchers);
  made.group = definition.verb === 'test' ? vscode.TaskGroup.Test : vscode.TaskGroup.Build;
  made.presentationOptions = { clear: true };
  return made;
}
