/** @file Stored arms that were changed, and rates at which finetuning diverges. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { armStore } from '../../src/study/evidence/arm-store.ts';
import { runArms } from '../../src/study/evidence/run-arms.ts';
import type { StudyInputs } from '../../src/study/evidence/study-inputs.ts';
import { scratchRuntime } from '../scratch-runtime.ts';
import { tinyStudy } from './tiny-study.ts';

const scratch = scratchRuntime();
let inputs: StudyInputs;
let folder: string;

beforeAll(async () => {
  const whole = await tinyStudy();
  const [given] = whole.tasks as [StudyInputs['tasks'][number]];
  const plan = { ...given.plan, arms: ['Z', 'I/3/same', 'F/3/same'] };
  inputs = { ...whole, plan: { ...whole.plan, tasks: [plan] }, tasks: [{ ...given, plan }] };
  folder = join(scratch.folder, 'study');
  await runArms(inputs, { folder, threads: 1 });
});

describe('stored arms', () => {
  test.each([
    ['changed numbers', (file: string) => writeFileSync(file, readFileSync(file).fill(1, 2000))],
    ['a file that was cut', (file: string) => writeFileSync(file, readFileSync(file).subarray(0, -8))],
    ['no file', (file: string) => rmSync(file)],
  ])('%s: refused', async (_, damage) => {
    const copy = mkdtempSync(join(scratch.folder, 'damaged-'));
    cpSync(folder, copy, { recursive: true });
    damage(join(copy, 'letters', 'arms', 'F-3-same.safetensors'));
    const { read } = armStore(join(copy, 'letters', 'arms'), inputs.plan.sizes, inputs.tasks[0]!.plan);
    await expect(read('F/3/same')).rejects.toThrow('F-3-same.safetensors');
    expect(await read('I/3/same')).toHaveProperty('record');
  });
});

describe('a rate at which finetuning diverges', () => {
  /** Arms of four seeds, of which only the first few have demonstrations to diverge on. */
  function diverging(seeds: number): StudyInputs {
    const [given] = inputs.tasks as [StudyInputs['tasks'][number]];
    const arms = ['Z', ...[1, 2, 3, 4].map(seed => `F/${seed}/nudged`)];
    const plan = { ...given.plan, arms, rate: 1e38 };
    const none = { demonstrations: [], finetuning: [], prefixTokens: [inputs.plan.bos] };
    const sequences = given.sequences.map((each, i) => (i < seeds ? each : { ...each, ...none }));
    return { ...inputs, plan: { ...inputs.plan, tasks: [plan] }, tasks: [{ ...given, plan, sequences }] };
  }

  test('a quarter of the seeds: the arm is missing, with the reason, and the study goes on', async () => {
    const place = mkdtempSync(join(scratch.folder, 'diverged-'));
    const some = diverging(1);
    expect(await runArms(some, { folder: place, threads: 1 })).toMatchObject({ arms: 5, found: 0, missing: [] });
    const file = join(place, 'letters', 'arms', 'F-1-nudged.json');
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({
      arm: 'F/1/nudged',
      why: expect.stringMatching(/^finetuning diverged in step \d: .* use a learning rate below/),
    });
    const { read } = armStore(join(place, 'letters', 'arms'), some.plan.sizes, some.tasks[0]!.plan);
    expect(await read('F/1/nudged')).toHaveProperty('why');
    expect(await read('F/2/nudged')).toHaveProperty('record');
    expect(await runArms(some, { folder: place, threads: 1 })).toMatchObject({ found: 5, missing: [] });
  });

  test('more: the study stops and says so, each time', async () => {
    const place = mkdtempSync(join(scratch.folder, 'diverged-'));
    const why =
      'learningRate 1e+38: task letters: finetuning diverged in 2 of the 4 seeds of nudged, more than a quarter; ' +
      'the study stops; give a lower one, and another `out`';
    await expect(runArms(diverging(2), { folder: place, threads: 1 })).rejects.toThrow(why);
    expect(readdirSync(join(place, 'letters', 'arms'))).toHaveLength(4);
    await expect(runArms(diverging(2), { folder: place, threads: 1 })).rejects.toThrow(why);
  });
});
