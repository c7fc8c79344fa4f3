// The language server: started, stopped, asked.

import * as vscode from 'vscode';
import {
  CodeLensRequest,
  DidChangeConfigurationNotification,
  InlayHintRequest,
  LanguageClient,
  State,
} from 'vscode-languageclient/node';
import { program, run } from './program';
import { reason } from './reason';
import { send } from './send';

type Handler = (argument: unknown) => Promise<unknown>;

/** What the server can be asked to do differently. */
function settings(): Record<string, boolean | string> {
  const all = vscode.workspace.getConfiguration('price');
  return {
    inlayHints: all.get('inlayHints', true),
    codeLenses: all.get('codeLenses', true),
    runTestsInLenses: all.get('runTestsInLenses', true),
    invoicesInLenses: all.get('invoicesInLenses', true),
    compareWith: all.get('compareWith', 'HEAD'),
    hoverPictures: all.get('hoverPictures', true),
  };
}

export class Server implements vscode.Disposable {
  private client: LanguageClient | undefined;
  private queue: Promise<void> = Promise.resolve();
  private readonly handlers = new Map<string, Handler>();
  private readonly started = new vscode.EventEmitter<void>();
  private readonly status = vscode.languages.createLanguageStatusItem('price.server', { language: 'price' });
  private readonly output = vscode.window.createOutputChannel('Price');
  private readonly changes: vscode.Disposable;

  /** Fires each time the server can be asked. */
  readonly onStarted = this.started.event;

  constructor() {
    this.status.name = 'Price';
    this.status.command = { command: 'price.restartServer', title: 'Restart' };
    this.changes = vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration('price.path')) void this.restart();
      else if (Object.keys(settings()).some((key) => event.affectsConfiguration(`price.${key}`))) void this.tell();
    });
  }

  /** Carries out a command of a lens here instead of in the server. */
  handle(command: string, handler: Handler): void {
    this.handlers.set(command, handler);
  }

  /** Starts the server, or starts it anew. */
  restart(): Promise<void> {
    this.queue = this.queue.then(() => this.stop()).then(() => this.start());
    return this.queue;
  }

  /** Asks the server; an error where it does not run. */
  async ask<R>(method: string, params: unknown, token?: vscode.CancellationToken): Promise<R> {
    await this.queue;
    if (this.client?.state !== State.Running) throw new Error('the language server does not run');
    return send<R, vscode.CancellationToken>(this.client, method, params, token);
  }

  get running(): boolean {
    return this.client?.state === State.Running;
  }

  async dispose(): Promise<void> {
    this.changes.dispose();
    await this.queue;
    await this.stop();
    this.status.dispose();
    this.started.dispose();
    this.output.dispose();
  }

  private async start(): Promise<void> {
    let version: string;
    try {
      version = (await run(['--version'])).trim();
    } catch (error) {
      const why = reason(program(), error);
      this.say(vscode.LanguageStatusSeverity.Error, 'price does not run', why);
      void this.offerHelp(why);
      return;
    }
    const executable = { command: program(), args: ['lsp'] };
    const client = new LanguageClient('price', 'Price', executable, {
      documentSelector: [
        { scheme: 'file', language: 'price' },
        { scheme: 'untitled', language: 'price' },
      ],
      initializationOptions: settings(),
      outputChannel: this.output,
      middleware: {
        executeCommand: (command, args, next) => {
          const handler = this.handlers.get(command);
          return handler ? handler(args[0]) : next(command, args);
        },
      },
    });
    client.onDidChangeState(({ newState }) => {
      if (client !== this.client) return;
      const runs = newState === State.Running;
      void vscode.commands.executeCommand('setContext', 'price.running', runs);
      if (runs) {
        this.say(vscode.LanguageStatusSeverity.Information, version, 'The language server runs');
        this.started.fire();
      } else if (newState === State.Stopped) {
        this.say(vscode.LanguageStatusSeverity.Error, version, 'The language server does not run');
      }
    });
    this.client = client;
    try {
      await client.start();
    } catch (error) {
      this.say(vscode.LanguageStatusSeverity.Error, version, String(error));
      void vscode.window.showErrorMessage(`The language server of Price did not start: ${String(error)}`);
    }
  }

  private async stop(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    if (client === undefined) return;
    void vscode.commands.executeCommand('setContext', 'price.running', false);
    try {
      await client.dispose();
    } catch {
      // It is gone already.
    }
  }

  /** Tells the server the settings, and has what depends on them shown anew. */
  private async tell(): Promise<void> {
    await this.queue;
    const client = this.client;
    if (client?.state !== State.Running) return;
    await client.sendNotification(DidChangeConfigurationNotification.type, { settings: { price: settings() } });
    for (const document of vscode.workspace.textDocuments) {
      if (document.languageId !== 'price') continue;
      client.getFeature(CodeLensRequest.method).getProvider(document)?.onDidChangeCodeLensEmitter.fire();
      client.getFeature(InlayHintRequest.method).getProvider(document)?.onDidChangeInlayHints.fire();
    }
  }

  private say(severity: vscode.LanguageStatusSeverity, text: string, detail: string): void {
    this.status.severity = severity;
    this.status.text = text;
    this.status.detail = detail;
  }

  private async offerHelp(why: string): Promise<void> {
    const set = 'Set its path';
    const help = 'First steps';
    const message = `${why} Colours work without it, nothing else does.`;
    const chosen = await vscode.window.showWarningMessage(message, set, help);
    if (chosen === set) {
      await vscode.commands.executeCommand('workbench.action.openSettings', 'price.path');
    } else if (chosen === help) {
      await vscode.commands.executeCommand('workbench.action.openWalkthrough', 'price.price#start');
    }
  }
}
