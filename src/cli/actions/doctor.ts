import { checkUp } from '../check-up.ts';
import { formatChecks } from '../format-checks.ts';
import type { Io } from '../io.ts';
import type { Typed } from '../program.ts';

export async function perform(_: Typed, io: Io): Promise<void> {
  const checks = await checkUp(io);
  io.answer({ ok: checks.every(check => check.ok), checks }, () => formatChecks(checks));
  if (checks.some(check => !check.ok)) process.exitCode = 1;
}
