// What to tell about a program that does not run.

/** Why a program does not run, as a sentence. */
export function reason(name: string, error: unknown): string {
  const told = error instanceof Error ? error.message : String(error);
  if (/ENOENT/.test(told)) return `The program “${name}” was not found.`;
  const first = told.split('\n').find((line) => line.trim() !== '')?.trim() ?? '';
  return `The program “${name}” cannot be run: ${first.replace(/\.?$/, '.')}`;
}
