/** @file Small jobs that store files; each resumes in its folder. */
import { cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Cell, CellOptions } from '../../src/cell/cell.ts';
import type { Executor } from '../../src/cell/executor.ts';
import { here } from '../../src/cell/here.ts';
import type { CellKind, Kinds, SweepKind } from '../../src/cell/kind.ts';
import { namedStore } from '../../src/cell/named-store.ts';
import { runSweep } from '../../src/cell/sweep.ts';
import { readSweep } from '../../src/cell/sweep-plan.ts';
import { makeFolders } from '../../src/files/make-folders.ts';
import { writeResult } from '../../src/files/run-folder.ts';
import { openModels } from '../../src/study/evidence/open-models.ts';
import type { EvidenceWishes } from '../../src/study/evidence/options.ts';
import { armFilesOf, partIn, type UnitPart } from '../../src/study/evidence/part-cells.ts';
import { armsKind } from '../../src/study/evidence/part-kinds.ts';
import { planStudy } from '../../src/study/evidence/plan-study.ts';
import { runEvidence } from '../../src/study/evidence/run-study.ts';
import { cellKinds } from '../../src/study/sweep/cell-kinds.ts';
import { fakeKinds, fakeSweep } from '../cell/fake-kind.ts';

/** The folder of the tests. A compiled process is elsewhere and is told. */
export const TESTS = process.env.DUALFORM_TESTS ?? fileURLToPath(new URL('../', import.meta.url));
const fixture = (path: string) => join(TESTS, path);

/** Two files, under names of their own. */
const part: CellKind = {
  name: 'part',
  schema: 'part/1',
  storeIn: root => namedStore(root, ({ options }) => join('parts', `part-${options.part}`)),
  open: () => ({
    compute: async (options, { out }) => {
      await makeFolders(out);
      writeFileSync(join(out, 'result.csv'), `part,${options.part}\n`);
      await writeResult(out, options);
    },
    close: async () => undefined,
  }),
};

/** The kinds of sweeps; each has one computer, which stays open from job to job. */
const kept: Kinds<SweepKind> = new Map(
  [...cellKinds.values()].map(kind => {
    const computer = kind.open();
    return [kind.name, { ...kind, open: () => ({ ...computer, close: async () => undefined }) }];
  }),
);

let study: ReturnType<typeof planStudy> | undefined;
/** Arms of a study that is planned once, with a model that stays open from job to job. */
const arms = armsKind(({ options }) => (study ??= planStudy(options as EvidenceWishes)), openModels());

const computeArms = here(new Map([[arms.name, arms]]), { threads: 1 });

/** The first arms of the units that the job computes; the others are stored as by another process. */
const MINE = ['Z', 'I/1/same', 'F/1/order'];
let whole: Promise<string> | undefined;

/** A study without a fault. */
async function wholeStudy(): Promise<string> {
  const out = mkdtempSync(join(tmpdir(), 'dualform-whole-study-'));
  process.once('exit', () => rmSync(out, { recursive: true }));
  await runStudy(out, computeArms);
  return out;
}

async function runStudy(out: string, executor: Executor): Promise<void> {
  await runEvidence({
    ...{ ...text, out, preset: 'quick', without: ['random'], executor: () => executor },
    ...{ tasks: [letters], shots: 2, rows: 2, behaviourRows: 2, threads: 1 },
  });
}

function unitIn(cell: Cell): UnitPart {
  return partIn(cell) as UnitPart;
}

function copyArm(name: string, from: string, to: string): void {
  for (const file of ['safetensors', 'json'].map(ending => join('letters/arms', `${name}.${ending}`)))
    if (existsSync(join(from, file))) cpSync(join(from, file), join(to, file));
}

async function compute(kind: string, options: CellOptions, out: string): Promise<void> {
  await kept.get(kind)!.open().compute(options, { out, threads: 1 });
}

const text = { model: fixture('fixtures/tiny-model'), learningRate: 0.1, batchSize: 2 };
const letters = fixture('fixtures/tiny-tasks/letters.jsonl');

export const jobs = {
  'empty sweep': out => runSweep(fakeSweep({ seed: [1, 2] }), { out, executor: here(fakeKinds) }),
  parts: async out => {
    const cells = [1, 2].map(n => ({ kind: 'part', options: { part: n }, schema: 'part/1' }));
    await here(new Map([['part', part]]))(cells, out, {});
  },
  run: out => compute('run', { ...text, task: letters, limit: 4 }, out),
  train: out =>
    compute(
      'train',
      {
        ...{ corpus: [fixture('golden/byte-pairs/corpus.txt')], vocabulary: 300, context: 16 },
        ...{ layers: 1, heads: 2, hiddenSize: 16, batch: 4, steps: 4, checkpointEvery: 2 },
      },
      out,
    ),
  evidence: async out => {
    whole ??= wholeStudy();
    const from = await whole;
    await runStudy(out, async (cells, root, events) => {
      const mine = cells.filter(cell => MINE.includes(unitIn(cell).arms[0]!));
      await computeArms(mine, root, events);
      for (const cell of cells.filter(each => !mine.includes(each))) {
        for (const name of armFilesOf(unitIn(cell))) copyArm(name, from, root);
        await events.onFinished?.(cell, { status: 'done', found: true });
      }
    });
  },
  sweep: async out => {
    const plan = { command: 'run', base: { ...text, task: letters, limit: 2 }, grid: { seed: [1, 2] } };
    await runSweep(readSweep('plan.json', plan, kept), { out, executor: here(kept, { threads: 1 }) });
  },
} satisfies Record<string, (out: string) => Promise<unknown>>;

export type JobName = keyof typeof jobs;
