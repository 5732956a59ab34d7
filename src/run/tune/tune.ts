import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import type { CellOptions } from '../../cell/cell.ts';
import type { MakeExecutor } from '../../cell/executor.ts';
import { here } from '../../cell/here.ts';
import { UserError } from '../../error.ts';
import type { Json } from '../../files/canonical-json.ts';
import type { FolderLock } from '../../files/lock.ts';
import { claimFolder, makeFolder, readFinished, readJson, writeResult } from '../../files/run-folder.ts';
import { type Hooks, splitHooks } from '../../hooks.ts';
import { computeParts } from '../compute-parts.ts';
import { deviceForModel } from '../device-for-model.ts';
import { Interrupted } from '../interrupted.ts';
import { type SharedModel, shareModel } from '../shared-model.ts';
import { type Grid, type Point, type PointRecord, passesAt, pathOfPoint, pointCell, pointOf } from './grid.ts';
import type { TuneWishes } from './options.ts';
import { pointKind } from './point-kind.ts';
import { type PreparedTune, prepareTune } from './prepare-tune.ts';
import { foldTune, type TuneResult } from './result.ts';
import { mostAccurate, rightRows } from './rule.ts';

/** Without `out`, nothing is kept. */
export interface TuneOptions extends TuneWishes, Hooks {
  /** Computes the points of the grid that are missing; `here` unless given. */
  readonly executor?: MakeExecutor | undefined;
}

/**
 * Chooses the demonstration seed by in-context accuracy on validation rows, then, with its
 * demonstrations, the learning rate by a rule (`chooseSteadyRate`, or the most accurate rate with
 * `rule` paper). Validation rows are training rows that are demonstrations of no candidate seed and
 * that no evaluation row repeats (`validationRows`). Dai et al. chose on the rows that they report.
 * With `out`, a choice that was stopped, even killed, resumes there.
 *
 * @param shared keeps the model for further calls
 * @throws UserError when no validation row is left, or the rule can choose no rate
 * @throws Interrupted after `signal`
 */
export async function tune({ executor, ...options }: TuneOptions = {}, shared?: SharedModel): Promise<TuneResult> {
  const { hooks, wishes } = splitHooks(options);
  const { signal } = hooks;
  const own = shared === undefined ? shareModel() : undefined;
  const scratch = hooks.out === undefined ? await mkdtemp(join(tmpdir(), 'dualform-tune-')) : undefined;
  const folder = resolve(hooks.out ?? scratch!);
  try {
    signal?.throwIfAborted();
    const model = shared ?? own!;
    const prepared = await prepareTune(options, model);
    return await tuneInFolder(prepared, { folder, executor: executor ?? here, shared: model, wishes }, hooks);
  } catch (error) {
    if (!signal?.aborted) throw error;
    if (scratch !== undefined) throw new Interrupted('interrupted; nothing was chosen', { cause: error });
    const place = relative('.', folder) || folder;
    throw new Interrupted(`interrupted; what was computed is kept in ${place}; the same command resumes from there`, {
      folder,
      cause: error,
    });
  } finally {
    await own?.close();
    if (scratch !== undefined) await rm(scratch, { recursive: true, force: true });
  }
}

interface Place {
  readonly folder: string;
  readonly executor: MakeExecutor;
  readonly shared: SharedModel;
  readonly wishes: TuneWishes;
}

async function tuneInFolder(prepared: PreparedTune, place: Place, hooks: Hooks): Promise<TuneResult> {
  const { folder } = place;
  const { plan, subject, gold, rows, sequencesOf } = prepared;
  const finished = await readFinished(folder, plan);
  if (finished !== undefined) return finished.result as unknown as TuneResult;
  const lock = await makeFolder(folder);
  try {
    await claimFolder(folder, plan);
    const grid = await computeGrid(prepared, { ...place, lock }, hooks);
    const result = foldTune(grid, {
      ...{ model: subject.checkpoint.name, task: subject.task.name, rule: plan.rule },
      ...{ shots: sequencesOf(grid.seed).shots, rows, gold, labels: subject.task.labels.length },
    });
    await writeResult(folder, result as unknown as Json);
    return result;
  } finally {
    await lock.release();
  }
}

const STAGES = ['zero-shot', 'in-context', 'finetuned'] as const;

/** Zero-shot and in-context with every seed first: the best seed gives the demonstrations of the rates. */
async function computeGrid(
  prepared: PreparedTune,
  { folder, executor, shared, wishes, lock }: Place & { readonly lock: FolderLock },
  hooks: Hooks,
): Promise<Grid> {
  const { plan, gold, subject } = prepared;
  const kind = pointKind({ prepared, shared });
  const store = kind.storeIn(folder);
  const tuned = JSON.parse(JSON.stringify(wishes)) as CellOptions;
  const total = (1 + plan.seeds.length + 2 * plan.learningRates.length) * gold.length;
  const done = new Map<string, number>();
  const count = (point: Point, rows = passesAt(point) * gold.length) => done.set(pathOfPoint(point), rows);
  const report = (point: Point, rows?: number, part?: string) => {
    count(point, rows);
    const sum = [...done.values()].reduce((all, some) => all + some, 0);
    hooks.onProgress?.({
      stage: 'evaluation',
      done: sum,
      total,
      unit: 'examples',
      ...(part !== undefined && { part }),
    });
  };
  const compute = async (points: readonly Point[], before: readonly Point[] = []): Promise<readonly PointRecord[]> => {
    const cells = points.map(point => pointCell(point, tuned));
    for (const cell of cells) {
      if ((await store.find(cell)) !== undefined) count(pointOf(cell));
    }
    await computeParts(
      cells,
      {
        ...{ folder, lock, kind, executor, stages: STAGES },
        all: [...before.map(point => pointCell(point, tuned)), ...cells],
        stageOf: cell => pointOf(cell).setting,
        settleDevice: (_, asked) => deviceForModel(subject.checkpoint, asked),
        onProgress: (cell, progress) => report(pointOf(cell), progress.done, progress.part),
        onFinished: cell => report(pointOf(cell)),
      },
      hooks,
    );
    const records: PointRecord[] = [];
    for (const point of points) {
      records.push((await readJson(join(folder, `${pathOfPoint(point)}.json`))) as unknown as PointRecord);
    }
    return records;
  };

  const zeroShot: Point = { setting: 'zero-shot' };
  const ofSeeds = plan.seeds.map(seed => ({ setting: 'in-context', seed }) as const);
  const [reference] = (await compute([zeroShot])) as [PointRecord];
  if (reference.attempt.labels === undefined) {
    throw new UserError(`${subject.checkpoint.name}: zero-shot, ${reference.attempt.why}`);
  }
  const tried = await compute(ofSeeds, [zeroShot]);
  const seeds = plan.seeds.map((seed, i) => ({ seed, attempt: tried[i]!.attempt }));
  const { seed } = mostAccurate(seeds.map(({ seed, attempt }) => ({ seed, right: rightRows(attempt.labels, gold) })))!;
  const ofRates = plan.learningRates.map(learningRate => ({ setting: 'finetuned', seed, learningRate }) as const);
  const finetuned = await compute(ofRates, [zeroShot, ...ofSeeds]);
  const rates = plan.learningRates.map((learningRate, i) => ({ learningRate, ...finetuned[i]! }));
  return { zeroShot: reference.attempt, seeds, seed, rates };
}
