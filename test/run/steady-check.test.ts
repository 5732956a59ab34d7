import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { ExampleMetrics } from '../../src/metric/measure.ts';
import { NUDGE } from '../../src/metric/steadiness.ts';
import { formatFindings } from '../../src/report/run/findings.ts';
import { runExperiment } from '../../src/run/run.ts';
import { finetune } from '../../src/setting/finetune.ts';
import { digests, scratch, tinyRun } from './tiny.ts';

vi.mock('../../src/setting/finetune.ts', { spy: true });

const { finetune: original } = await vi.importActual<typeof import('../../src/setting/finetune.ts')>(
  '../../src/setting/finetune.ts',
);

/** Finetunes at another rate where the rate is nudged, as a chaotic model would end elsewhere. */
function whenNudged(rate: number) {
  vi.mocked(finetune).mockImplementation((model, sequences, options) =>
    original(model, sequences, {
      ...options,
      learningRate: options.learningRate === tinyRun.learningRate * NUDGE ? rate : options.learningRate,
    }),
  );
  onTestFinished(() => void vi.mocked(finetune).mockImplementation(original));
}

const findings = async (folder: string) => {
  const { result } = await runExperiment({ ...tinyRun, out: folder });
  return { steady: result.finetuning.steady, lines: formatFindings(result) };
};

test('a steady run says so in its result, and its other numbers are those of a run without the check', async () => {
  const [checked, plain] = [join(scratch(), 'run'), join(scratch(), 'run')];
  const { result, timing } = await runExperiment({ ...tinyRun, out: checked });
  expect(result.finetuning.steady).toMatchObject({ moved: 0, pass: true, rows: result.task.examples });
  expect(result.finetuning.steady.cosine).toBeGreaterThan(0.9999);
  expect(timing.tokens.steadiness).toBeGreaterThan(timing.tokens.finetuning);

  const without = await runExperiment({ ...tinyRun, steadyCheck: false, out: plain });
  expect(without.result.finetuning.steady).toEqual({
    cosine: null,
    moved: null,
    pass: null,
    rows: 0,
    why: 'the check was not requested',
  });
  expect(without.timing.tokens.steadiness).toBe(0);
  expect(digests(plain)['examples.jsonl']).toBe(digests(checked)['examples.jsonl']);
  const metrics = (folder: string) =>
    readFileSync(join(folder, 'metrics.jsonl'), 'utf8')
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line) as ExampleMetrics);
  const withoutSteady = metrics(checked).map(({ steady, ...others }) => {
    expect(steady!.cosines.length).toBe(result.model.layers);
    return others;
  });
  expect(metrics(plain)).toEqual(withoutSteady);
  expect(without.result.signature).not.toBe(result.signature);
  const again = JSON.parse(readFileSync(join(checked, 'result.json'), 'utf8'));
  expect(again.finetuning.steady).toEqual(result.finetuning.steady);
});

test('a run that rounding decides says so first', async () => {
  whenNudged(3);
  const { steady, lines } = await findings(join(scratch(), 'run'));
  expect(steady.pass).toBe(false);
  expect(steady.cosine).toBeLessThan(0.99);
  expect(lines[0]).toMatch(/^Rounding decides the result of finetuning at 0\.1: .*mean cosine of/);
});

test('a nudged rate that diverges does not pass', async () => {
  whenNudged(1e39);
  const { steady, lines } = await findings(join(scratch(), 'run'));
  expect(steady).toMatchObject({ cosine: null, moved: null, pass: false, why: expect.stringContaining('diverges') });
  expect(lines[0]).toContain('finetuning diverges when the learning rate is nudged by a millionth');
});

test('settings without zero-shot are checked too, a run without finetuning is not', async () => {
  const { result } = await runExperiment({ ...tinyRun, settings: ['finetuned'], out: join(scratch(), 'run') });
  expect(result.finetuning.steady.pass).toBe(true);
  const other = await runExperiment({ ...tinyRun, settings: ['zero-shot'], out: join(scratch(), 'run') });
  expect(other.result.finetuning.steady).toMatchObject({ pass: null, why: 'needs the setting finetuned' });
});
