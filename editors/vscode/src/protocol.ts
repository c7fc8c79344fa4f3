// What the language server is asked beyond the protocol. Quantities and amounts are exact decimals
// as texts.

import type { Position, Range } from 'vscode-languageclient';

export interface Piece {
  /** Above this quantity. */
  from: string;
  /** What is paid just above it. */
  value: string;
  /** What each more costs. */
  slope: string;
}

export interface Curve {
  /** The cells and the day; empty where it holds everywhere. */
  title: string;
  /** What no usage costs. */
  atZero: string;
  pieces: Piece[];
  /** Quantities and totals: every edge from both sides, and one beyond the last. */
  points: [string, string][];
}

/** Answer of `price/curve`. */
export interface Chart {
  name: string;
  unit: string;
  currency: string;
  curves: Curve[];
  /** What holds the total whatever the curves come to; servers of before have none. */
  bounds?: string[];
}

/** What `price/curve` is asked with, and hover as well. */
export interface Place {
  textDocument: { uri: string };
  position: Position;
}

/** What `price/runTests` is asked with. */
export interface RunTests {
  uri: string;
  range?: Range;
}

export interface TestReport {
  title: string;
  range: Range;
  outcome: 'passed' | 'failed' | 'pending';
  failures: { range: Range; message: string }[];
}

export const CURVE = 'price/curve';
export const RUN_TESTS = 'price/runTests';
