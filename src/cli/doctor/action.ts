import type { Given } from '../options/command-line.ts';
import type { Io } from '../terminal/io.ts';
import { checkUp } from './check-up.ts';
import { formatChecks } from './view.ts';

export async function perform(_: Given<object>, io: Io): Promise<void> {
  const checks = await checkUp(io);
  io.answer({ ok: checks.every(check => check.ok), checks }, () => formatChecks(checks));
  if (checks.some(check => !check.ok)) process.exitCode = 1;
}
