import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readSafetensors } from '../../src/checkpoint/sources/read-safetensors.ts';
import { LETTERS, TINY_MODEL } from '../run/tiny.ts';
import { dualform, newFolder } from './dualform.ts';

const tiny = ['evidence', '--model', TINY_MODEL, '--tasks', LETTERS, '--learning-rate', '0.1', '--threads', '1'];
const small = [...tiny, '--preset', 'quick', '--shots', '4', '--rows', '4', '--behaviour-rows', '6', '--out', 'study'];

test('registers, computes in shards, says what others miss, folds, and repeats the result', async () => {
  const cwd = await newFolder();
  const plan = await dualform([...small, '--plan-only'], { cwd });
  expect(plan.exitCode).toBe(0);
  const bytes = readFileSync(join(cwd, 'study/plan.json'));
  const registered = createHash('sha256').update(bytes).digest('hex');
  expect(plan.stdout).toContain('29 arms; the quick preset tests no hypothesis and reaches no verdict.');
  expect(plan.stdout.trimEnd().split('\n').at(-1)).toBe(`registered: ${registered}`);

  const first = await dualform([...small, '--shard', '1/2'], { cwd });
  expect(first.exitCode).toBe(3);
  expect(first.stderr).toContain(`registered: ${registered}`);
  expect(first.stdout).toMatch(/^1\d of 29 arms are in study\.\nThis part is done; others miss: letters [IF]\/1\//);

  const second = await dualform([...small, '--shard', '2/2', '--json', '--quiet'], { cwd });
  expect(second.exitCode).toBe(0);
  expect(JSON.parse(second.stdout)).toMatchObject({ schema: 'dualform.evidence/1', registered, hypotheses: [] });

  const result = readFileSync(join(cwd, 'study/result.json'), 'utf8');
  const folded = await dualform(['evidence', '--fold', 'study'], { cwd });
  expect(folded.exitCode).toBe(0);
  expect(readFileSync(join(cwd, 'study/result.json'), 'utf8')).toBe(result);
  // In this order.
  const titles = [
    'Gates',
    'No hypothesis is tested: this study reaches no verdict.',
    'letters: S of in-context learning with finetuning, then of each with itself',
    'letters: shared variation R',
    'letters: parts of the pooled cosine, and shares of the in-context update that are explained',
    'letters: behaviour',
    "letters: the paper's own numbers",
  ];
  const lines = folded.stdout.split('\n');
  expect(lines.filter(line => titles.includes(line))).toEqual(titles);

  const other = await dualform([...small, '--seeds', '5'], { cwd });
  expect(other.exitCode).toBe(1);
  expect(other.stderr).toMatch(
    /holds a run of another plan: tasks\.0\.seeds is 4 there and 5 here; give another --out\n$/,
  );
});

test('--export writes the projections of an arm: those of finetune on its token ids', async () => {
  const cwd = await newFolder();
  const { exitCode, stdout } = await dualform(
    [...small, '--export', 'F/1/same', '--to', 'arm.safetensors', '--json', '--quiet'],
    { cwd },
  );
  expect(exitCode).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ arm: 'F/1/same', file: expect.stringMatching(/arm\.safetensors$/) });
  const lines = readFileSync(join(cwd, 'study/letters/tokens.jsonl'), 'utf8').trim().split('\n');
  const steps = lines
    .map(line => JSON.parse(line))
    .filter(({ arm, kind }) => arm === 'F/1/same' && kind === 'finetuning');
  expect(steps).toHaveLength(4);
  writeFileSync(join(cwd, 'steps.json'), JSON.stringify(steps.map(({ tokens }) => tokens)));
  const finetune = ['finetune', '--model', TINY_MODEL, '--threads', '1', '--learning-rate', '0.1'];
  await dualform([...finetune, '--sequences', 'steps.json', '--out', 'own.safetensors'], { cwd });
  const [arm, own] = await Promise.all(['arm', 'own'].map(name => readSafetensors(join(cwd, `${name}.safetensors`))));
  expect([...arm!.keys()].sort()).toEqual([...own!.keys()].filter(name => name !== 'loss').sort());
  for (const [name, tensor] of arm!) expect(tensor, name).toEqual(own!.get(name));
});

test.each([
  [['--export', 'F/9/same', '--to', 'x'], /--export F\/9\/same: the study has no such arm; name one as in F\/1\/same/],
  [['--export', 'Z', '--to', 'x'], /--export Z: has the weights of tiny-model/],
  [['--export', 'F/1/same'], /--to.* is required with --export/],
])('%j is refused', async (args, message) => {
  const { stderr, exitCode } = await dualform([...small, ...args, '--quiet'], { cwd: await newFolder() });
  expect(stderr).toMatch(message);
  expect(exitCode).toBe(2);
});

test('--dry-run says what it costs and what it can show, and leaves nothing', async () => {
  const cwd = await newFolder();
  const { stdout, exitCode } = await dualform([...small, '--dry-run'], { cwd });
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^letters +same +8 +[\d,]+ +[\d.]+ [kMG]FLOP +\d+:\d\d$/m);
  expect(stdout).toContain('H1 can show nothing with so few seeds: its smallest p is above 0.05.');
  expect(stdout).toMatch(/Memory: up to [\d.]+ [MG]B, weights included\. Disk: [\d.]+ [kM]B\./);
  const { stdout: part } = await dualform([...small, '--dry-run', '--shard', '2/2'], { cwd });
  expect(part).toMatch(/^letters +same +4 /m);
});

test.each([
  [['--seeds', '3'], /--seeds 3: needs at least 4 sets of demonstrations: with 3, H1 has no p below 0\.33/],
  [['--without', 'untraind'], /did you mean untrained\?/],
  [['--shard', '3/2'], /--shard 3\/2: must be i\/n, as in 2\/8/],
  [['--learning-rate', 'mr=0.1'], /--learning-rate: mr is not among --tasks: letters/],
  [['--behaviour-rows', '3', '--rows', '4'], /--behaviour-rows 3: must be at least --rows, 4/],
])('%j is refused on one line', async (args, message) => {
  const { stdout, stderr, exitCode } = await dualform([...tiny, ...args, '--quiet'], { cwd: await newFolder() });
  expect(stderr).toMatch(/^dualform: [^\n]+\n$/);
  expect(stderr).toMatch(message);
  expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 2 });
});
