import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Progress } from '../../src/hooks.ts';
import type { TrainRunOptions } from '../../src/train/run.ts';

const script = fileURLToPath(new URL('../fixtures/train-model.mjs', import.meta.url));

/**
 * Trains in another process and kills it without warning: at the step or after the milliseconds
 * given.
 */
export async function killedTraining(
  options: TrainRunOptions,
  at: { readonly step: number } | { readonly milliseconds: number },
): Promise<void> {
  const child = spawn(process.execPath, [script, JSON.stringify(options)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise(resolve => child.once('exit', resolve));
  if ('milliseconds' in at) setTimeout(at.milliseconds).then(() => child.kill('SIGKILL'));
  for await (const line of createInterface({ input: child.stdout })) {
    const { stage, done } = JSON.parse(line) as Progress;
    if ('step' in at && stage === 'training' && done >= at.step) child.kill('SIGKILL');
  }
  await ended;
}
