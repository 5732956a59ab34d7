import { describe, expect, test } from 'vitest';
import { flagsOf } from '../../src/cli/options/flags.ts';
import { readTyped } from '../../src/cli/options/read-typed.ts';
import { makeProgram } from '../../src/cli/program.ts';
import { readFolder } from '../../src/explore/folders.ts';
import { withTexts } from '../../src/explore/token-texts.ts';
import type { FolderData } from '../../src/report/folder-data.ts';
import { repeatCommand } from '../../src/report/run/repeat-command.ts';
import { readRun } from '../../src/report/run/run-data.ts';
import { type ExperimentOptions, runOptions } from '../../src/run/options.ts';
import { prepare } from '../../src/run/prepare.ts';
import { type RunOptions, runExperiment } from '../../src/run/run.ts';
import { LETTERS, scratch, TINY_MODEL, tinyRun } from '../run/tiny.ts';

async function ran(options: Partial<RunOptions>): Promise<FolderData> {
  const out = scratch();
  await runExperiment({ ...tinyRun, ...options, out });
  return withTexts(await readFolder(out), { model: TINY_MODEL });
}

/** The words of a command as a shell reads them. */
function shellWords(line: string): string[] {
  const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t' };
  return [...line.matchAll(/\$'((?:[^'\\]|\\.)*)'|'([^']*)'|(\S+)/g)].map(([, escaped, quoted, plain]) =>
    escaped === undefined
      ? (quoted ?? plain)!
      : escaped.replaceAll(/\\(.)/g, (_, letter: string) => escapes[letter] ?? letter),
  );
}

/** The options that the command line reads from a command. */
async function optionsOf(command: string): Promise<ExperimentOptions> {
  const [program, ...words] = shellWords(command);
  expect(program).toBe('dualform');
  let typed: Readonly<Record<string, unknown>> = {};
  await makeProgram(async (_, heard) => {
    typed = heard.options;
  }).parseAsync(words, { from: 'user' });
  return readTyped(runOptions, Object.fromEntries(Object.entries(typed).filter(([name]) => name in runOptions)));
}

/** Other than the default, where the folder of a run holds the choice. */
const CHANGED = {
  shots: 3,
  seed: 2,
  learningRate: 0.02,
  template: 'paper',
  settings: ['zero-shot', 'finetuned'],
  limit: 7,
  steadyCheck: false,
  tap: 'label',
  separator: ' \n',
  bos: 'a',
  batchSize: 4,
} as const satisfies Partial<ExperimentOptions>;

describe('the command repeats a run', () => {
  test.each<[string, Partial<ExperimentOptions>]>([
    ['with defaults', {}],
    ['with every option changed', { ...CHANGED }],
    ['in context alone, with all rows', { settings: ['in-context'], limit: 'all', excludeLeaks: true }],
    ["of the paper's tap and no separator", { separator: '', tap: 'label' }],
  ])('%s', async (_, options) => {
    const folder = await ran(options);
    const { command, missing } = repeatCommand(readRun(folder));
    expect(missing).toEqual([]);
    const repeated = await prepare({ ...(await optionsOf(command)), model: TINY_MODEL, task: LETTERS });
    expect(repeated.signature).toBe((folder.result as { signature: string }).signature);
  });

  test('names every option of a run, or what the folder does not hold of it', async () => {
    const folder = await ran(CHANGED);
    const { command } = repeatCommand(readRun(folder));
    const flags = shellWords(command).filter(word => word.startsWith('--'));
    // excludeLeaks has no effect on these rows; a preset chooses what other options say.
    const left = ['exclude-leaks', 'preset', 'heads', 'momentum', 'precision'].map(name => `--${name}`);
    expect([...flags, ...left].toSorted()).toEqual([...flagsOf(runOptions).values()].toSorted());
  });

  test('says what is to be given again', async () => {
    const folder = await ran({ momentum: 0.2 });
    expect(repeatCommand(readRun(folder)).missing).toEqual(['the momentum, if the run and not the model had it']);
    const { texts: _, ...unread } = folder;
    expect(repeatCommand(readRun(unread)).missing).toHaveLength(3);
    expect(repeatCommand(readRun(unread)).command).not.toMatch(/--(?:separator|bos)/);
  });

  test('half precision and the device', async () => {
    const folder = await ran({});
    const plan = folder.plan as { readonly model: object };
    const half = {
      ...folder,
      plan: { ...plan, model: { ...plan.model, precision: 'float16' } },
      provenance: { provenance: { device: 'cuda:1 (a card)' } },
    };
    expect(repeatCommand(readRun(half)).command).toMatch(/ --precision float16 .*--device cuda:1$/);
  });
});
