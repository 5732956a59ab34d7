/** @file What a study took, in `provenance.json` of its folder. */
import { join } from 'node:path';
import type { Json } from '../../files/canonical-json.ts';
import { prettyJson } from '../../files/pretty-json.ts';
import { readJson, writeText } from '../../files/run-folder.ts';
import type { Hooks } from '../../hooks.ts';
import { type ProvenanceFile, readProvenance, stopwatch, type Timing, thisMachine } from '../../run/provenance.ts';
import { physicalCores } from '../../runtime/node/cores.ts';
import { readArm } from './arm.ts';
import { armWorkOf } from './arm-cost.ts';
import type { StudyInputs } from './study-inputs.ts';

export const stages = ['arms', 'fold'] as const;

export type Stage = (typeof stages)[number];
export type StudyTimes = Timing<Stage>;

/** What earlier calls wrote; undefined without any. */
export async function readTimes(folder: string): Promise<ProvenanceFile<Stage> | undefined> {
  return readProvenance(stages, await readJson(fileIn(folder)));
}

/** @param timingOf of the timing that is there, which other processes may have written meanwhile */
export async function noteTimes(
  folder: string,
  timingOf: (earlier: StudyTimes | undefined) => StudyTimes,
  { threads = physicalCores(), device = 'cpu' }: Pick<Hooks, 'threads' | 'device'>,
): Promise<ProvenanceFile<Stage>> {
  const timing = timingOf((await readTimes(folder))?.timing);
  const times = { timing, provenance: thisMachine({ threads, device }) };
  await writeText(fileIn(folder), prettyJson(times as unknown as Json));
  return times;
}

function fileIn(folder: string): string {
  return join(folder, 'provenance.json');
}

export function sumOf(earlier: StudyTimes | undefined, own: StudyTimes): StudyTimes {
  const sum = stopwatch(stages, earlier);
  for (const stage of stages) sum.add(stage, own.seconds[stage], own.tokens[stage]);
  sum.notePeak(own.peakMemoryBytes);
  return sum.read();
}

/** Counts the tokens that arms of a task are computed with. */
export function tokenCounter(inputs: StudyInputs): (task: string, arms: readonly string[]) => number {
  const works = new Map(inputs.tasks.map(task => [task.plan.name, armWorkOf(inputs, task)] as const));
  return (task, arms) =>
    arms.reduce((sum, id) => {
      const { passes, steps } = works.get(task)!(readArm(id));
      return sum + passes.tokens + steps.tokens;
    }, 0);
}
