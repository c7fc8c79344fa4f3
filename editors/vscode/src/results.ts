// How tests ended, put together from what the server reports.

import type { DocumentSymbol, Position, Range } from 'vscode-languageclient';
import type { TestReport } from './protocol';

export interface Result {
  outcome: 'passed' | 'failed' | 'pending' | 'missing';
  failures: { range: Range; message: string; row: string | undefined; expected?: string; actual?: string }[];
  /** How many parts ran: rows of a table, else one. */
  parts: number;
}

/** Whether what a file declares is a test; claims look like methods too. */
export function isTest(symbol: DocumentSymbol): boolean {
  return symbol.kind === 6 && /^test\b/.test(symbol.detail ?? '');
}

function notAfter(a: Position, b: Position): boolean {
  return a.line < b.line || (a.line === b.line && a.character <= b.character);
}

/** Whether two ranges share a place. */
export function touches(a: Range, b: Range): boolean {
  return notAfter(a.start, b.end) && notAfter(b.start, a.end);
}

/** The result of the test at a range; a table has one report for each row. */
export function resultOf(test: Range, reports: TestReport[]): Result {
  const own = reports.filter((report) => notAfter(test.start, report.range.start) && notAfter(report.range.start, test.end));
  const failures = own.flatMap((report) => {
    const row = /, (row \d+)$/.exec(report.title)?.[1];
    return report.failures.map((failure) => {
      const told = /^expected (.+), got (.+)$/.exec(failure.message);
      const amounts = told ? { expected: told[1] as string, actual: told[2] as string } : {};
      return { ...failure, row: own.length > 1 ? row : undefined, ...amounts };
    });
  });
  const has = (outcome: TestReport['outcome']) => own.some((report) => report.outcome === outcome);
  const outcome = own.length === 0 ? 'missing' : has('failed') ? 'failed' : has('pending') ? 'pending' : 'passed';
  return { outcome, failures, parts: own.length };
}
