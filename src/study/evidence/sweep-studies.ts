/** @file The studies of a sweep: their arms are cells, and each study is folded when its arms are there. */
import { setTimeout as sleep } from 'node:timers/promises';
import { inGroups } from '../../cell/alike.ts';
import type { Cell } from '../../cell/cell.ts';
import type { Finished } from '../../cell/outcome.ts';
import type { Parts, PartsOptions } from '../../cell/parts.ts';
import { shareOf } from '../../cell/shard.ts';
import { sweepStore } from '../../cell/sweep-store.ts';
import { UserError } from '../../error.ts';
import { FolderInUse } from '../../files/lock.ts';
import type { Hooks } from '../../hooks.ts';
import { checkOptions } from '../../options.ts';
import { signatureOf } from '../../run/plan.ts';
import { modelKey } from '../../run/shared-model.ts';
import { fileNameOf, readArm } from './arm.ts';
import type { ArmStore } from './arm-store.ts';
import { type EvidenceWishes, evidenceOptions } from './options.ts';
import { type PartsOfStudy, partIn, stagesOf } from './part-cells.ts';
import { studyFolderInSweep } from './part-store.ts';
import { planStudy } from './plan-study.ts';
import { register } from './registration.ts';
import { openTaskFolder } from './task-folder.ts';
import { noteTimes, tokenCounter } from './times.ts';
import { type Unit, unitsOf } from './units.ts';

/** A study whose plan and tokens are in its work folder. */
interface Study extends Omit<PartsOfStudy, 'units'> {
  readonly cell: Cell;
  readonly units: readonly Unit[];
  readonly stores: ReadonlyMap<string, ArmStore>;
  /** Tokens that all its arms are computed with. */
  readonly tokens: number;
}

/** The cells that the missing studies of a sweep are computed from. */
export async function studyParts(
  cells: readonly Cell[],
  root: string,
  { shard, ...hooks }: PartsOptions,
): Promise<Parts> {
  const studies: Study[] = [];
  const unplanned: Cell[] = [];
  for (const cell of cells) {
    hooks.signal?.throwIfAborted();
    try {
      studies.push(await openStudy(cell, root, hooks));
    } catch (error) {
      // Computing the cell meets the same error and sets it aside.
      if (!(error instanceof UserError)) throw error;
      unplanned.push(cell);
    }
  }
  const mine = new Set(
    shareOf(
      studies.flatMap(({ units }) => units),
      shard,
    ),
  );
  const missing = new Map<Study, readonly Unit[]>();
  for (const study of studies)
    missing.set(
      study,
      await unfinished(
        study,
        study.units.filter(unit => mine.has(unit)),
      ),
    );
  const stagesByStudy = studies.map(study => ({ study, stages: stagesOf(study.plan) }));
  const stage = (i: number) => async () => {
    const all = stagesByStudy.map(({ study, stages }) => stages[i]?.({ ...study, units: missing.get(study)! }) ?? []);
    return inGroups((await Promise.all(all)).flat(), groupOf);
  };
  const peaks = new Map<string, number>();
  return {
    count: [...missing.values()].reduce((sum, { length }) => sum + length, 0),
    stages: Array.from({ length: Math.max(0, ...stagesByStudy.map(({ stages }) => stages.length)) }, (_, i) =>
      stage(i),
    ),
    onFinished: (cell, outcome) => {
      const { plan } = partIn(cell).study;
      peaks.set(plan, Math.max(peaks.get(plan) ?? 0, peakOf(outcome)));
    },
    ready: async () => {
      const ready = [...unplanned];
      for (const study of studies) {
        const isWhole = (await unfinished(study, study.units)).length === 0;
        if (!isWhole && (await sweepStore(root).find(study.cell)) === undefined) continue;
        if (isWhole) await noteArms(study, peaks.get(study.study.plan) ?? 0, hooks);
        ready.push(study.cell);
      }
      return ready;
    },
  };
}

function peakOf(outcome: Finished): number {
  return (outcome.status === 'done' && outcome.peakMemoryBytes) || 0;
}

/** One model after the other; rates first, since other arms wait for them. */
function groupOf(cell: Cell): string {
  const part = partIn(cell);
  const what = 'matching' in part ? 'rates' : readArm(part.arms[0]!).initialisation;
  return `${modelKey(checkOptions(evidenceOptions, part.study.options))} ${what}`;
}

async function openStudy(cell: Cell, root: string, hooks: Hooks): Promise<Study> {
  const { options } = cell;
  const planned = await planStudy(options as unknown as EvidenceWishes, hooks);
  const { plan } = planned;
  const folder = studyFolderInSweep(root, { options });
  await whenFree(() => register(folder, plan), hooks.signal);
  const stores = new Map<string, ArmStore>();
  for (const task of planned.tasks) stores.set(task.plan.name, (await openTaskFolder(folder, planned, task)).store);
  const tokensOf = tokenCounter(planned);
  return {
    ...{ kind: 'sweep-arms', cell, study: { options, plan: signatureOf(plan) }, plan, folder, stores },
    units: unitsOf(plan),
    tokens: plan.tasks.reduce((sum, { name, arms }) => sum + tokensOf(name, arms), 0),
  };
}

/** Another process may register the same study at this moment. */
async function whenFree<T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof FolderInUse)) throw error;
      await sleep(200, undefined, signal && { signal });
    }
  }
}

async function unfinished({ stores }: Study, units: readonly Unit[]): Promise<readonly Unit[]> {
  const stored = new Map<string, ReadonlySet<string>>();
  for (const [name, store] of stores) stored.set(name, await store.stored());
  return units.filter(({ task, arms }) => arms.some(arm => !stored.get(task.name)!.has(fileNameOf(arm))));
}

/** Writes what computing the arms took, which the arms say. */
async function noteArms(study: Study, peakMemoryBytes: number, hooks: Hooks): Promise<void> {
  const { folder, plan, stores, tokens } = study;
  let seconds = 0;
  for (const { name, arms } of plan.tasks) seconds += await stores.get(name)!.seconds(arms);
  const timing = { seconds: { arms: seconds, fold: 0 }, tokens: { arms: tokens, fold: 0 }, peakMemoryBytes };
  await noteTimes(
    folder,
    earlier => ({ ...timing, peakMemoryBytes: Math.max(earlier?.peakMemoryBytes ?? 0, peakMemoryBytes) }),
    hooks,
  );
}
