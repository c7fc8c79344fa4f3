// The page of a code, as `price explain` prints it.

import * as vscode from 'vscode';
import { run } from './program';

const SCHEME = 'price-code';
const CODE = /^[A-Za-z]\d{3}$/;

export function explain(): vscode.Disposable {
  const pages = vscode.workspace.registerTextDocumentContentProvider(SCHEME, {
    provideTextDocumentContent: async (uri) => {
      try {
        return await run(['--color', 'never', 'explain', uri.path.replace(/^\/|\.md$/g, '')]);
      } catch (error) {
        return error instanceof Error ? error.message : String(error);
      }
    },
  });
  const command = vscode.commands.registerCommand('price.explainCode', async (given?: unknown) => {
    const code = typeof given === 'string' && CODE.test(given) ? given : await ask();
    if (code === undefined) return;
    const uri = vscode.Uri.from({ scheme: SCHEME, path: `/${code.toUpperCase()}.md` });
    try {
      await vscode.commands.executeCommand('markdown.showPreviewToSide', uri);
    } catch {
      await vscode.window.showTextDocument(uri, { viewColumn: vscode.ViewColumn.Beside, preview: true });
    }
  });
  return vscode.Disposable.from(pages, command);
}

/** The code of the finding at the cursor, else one that is chosen or typed. */
async function ask(): Promise<string | undefined> {
  const editor = vscode.window.activeTextEditor;
  const findings = editor ? vscode.languages.getDiagnostics(editor.document.uri) : [];
  const known = findings.filter((finding) => finding.source === 'price' && codeOf(finding) !== undefined);
  const line = editor?.selection.active.line;
  const here = known.filter((found) => line !== undefined && found.range.start.line <= line && line <= found.range.end.line);
  const offered = new Map((here.length > 0 ? here : known).map((found) => [codeOf(found), found.message]));
  if (here.length > 0 && offered.size === 1) return codeOf(here[0] as vscode.Diagnostic);
  if (offered.size > 0) {
    const items = [...offered].map(([label, message]) => ({ label: label as string, description: message.split('\n')[0] }));
    return (await vscode.window.showQuickPick(items, { placeHolder: 'Which finding?' }))?.label;
  }
  return vscode.window.showInputBox({
    prompt: 'Code of a finding',
    placeHolder: 'P104',
    validateInput: (text) => (CODE.test(text) ? undefined : 'A letter and three digits, as in P104'),
  });
}

function codeOf({ code }: vscode.Diagnostic): string | undefined {
  const value = typeof code === 'object' ? code.value : code;
  return typeof value === 'string' && CODE.test(value) ? value : undefined;
}
