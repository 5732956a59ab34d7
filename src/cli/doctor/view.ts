/** The result of a check. */
export interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly found: string;
  /** What to do; only where the check failed. */
  readonly advice?: string;
}

export function formatChecks(checks: readonly Check[]): string {
  const width = Math.max(...checks.map(({ name }) => name.length));
  const lines = checks.flatMap(({ name, ok, found, advice }) => [
    `${ok ? 'ok    ' : 'WRONG '}  ${name.padEnd(width)}  ${found}`,
    ...(advice === undefined ? [] : [`${' '.repeat(10 + width)}-> ${advice}`]),
  ]);
  const wrong = checks.filter(({ ok }) => !ok).length;
  const end =
    wrong === 0 ? 'All checks passed.' : `${wrong} of ${checks.length} checks failed; do what the arrows say.`;
  return [...lines, '', end].join('\n');
}
