/** @file What the authors of this version had looked at, of the embedded model on the embedded tasks. */
import { tunedDefaults } from '../../run/defaults.ts';

const OF_ALL =
  'accuracy on training rows: in context with seeds 1 to 7, finetuned at twelve rates with the tuned seed, and which of ' +
  'the rates are steady (docs/tuning.md)';

const OF_TASKS: Readonly<Record<string, readonly string[]>> = {
  sst2: [
    'seed 5 on the first 200 evaluation rows at rate 0.001: accuracies, Rec2FTP, SimAOU, SimAM and Kendall (README.md)',
    'the mean cosine of updates, 0.26 with a deviation of 0.03 over 200 evaluation rows, at an earlier rate; deviations ' +
      'over seeds and rows, from which the planned effects come',
    'whether finetuning is steady in seeds 1 to 16, which lowered the rate from 0.002 to 0.001',
  ],
};

/** What was looked at before, of a model and a task. Empty for a model that is not embedded. */
export function seenBefore(modelDigest: string, task: string): readonly string[] {
  if (tunedDefaults(modelDigest, task) === undefined) return [];
  return [OF_ALL, ...(Object.hasOwn(OF_TASKS, task) ? OF_TASKS[task]! : [])].map(seen => `${task}: ${seen}`);
}
