import { UserError } from '../../error.ts';
import { type Hooks, splitHooks } from '../../hooks.ts';
import { type ChosenOptions, checkOptions } from '../../options.ts';
import type { Row } from '../../task/row.ts';
import { assertSameDemonstrations } from '../../task/same-demonstrations.ts';
import { buildSequences, type Sequences } from '../../task/sequence.ts';
import type { TemplateVariant } from '../../task/task.ts';
import { passOnWarnings } from '../../task/warnings.ts';
import type { Plan } from '../plan.ts';
import { checkVocabulary, modelOfPlan, openSubject, type Subject } from '../prepare.ts';
import type { SharedModel } from '../shared-model.ts';
import { type Rule, type TuneWishes, tuneOptions } from './options.ts';
import { validationRows } from './validation-rows.ts';

/** Every choice that decides a grid and what is chosen from it, as plain JSON. */
export type TunePlan = {
  readonly schema: 'dualform.tune-plan/1';
  readonly model: Plan['model'];
  readonly task: { readonly name: string; readonly digest: string; readonly template: TemplateVariant };
  readonly rule: Rule;
  readonly bos: number;
  readonly separator: readonly number[];
  readonly shots: number;
  /** Ascending. */
  readonly seeds: readonly number[];
  /** Ascending. */
  readonly learningRates: readonly number[];
  /** Original ids of the validation rows. */
  readonly rows: readonly number[];
  readonly batchSize: number;
};

/** A grid before its first computation. */
export interface PreparedTune {
  readonly subject: Subject;
  readonly chosen: ChosenOptions<typeof tuneOptions>;
  readonly plan: TunePlan;
  readonly rows: readonly Row[];
  /** Label ids of the validation rows. */
  readonly gold: readonly number[];
  /** Demonstrations of a seed, with the validation rows as queries. */
  readonly sequencesOf: (seed: number) => Sequences;
}

/** @throws UserError when an option, the model or the task is wrong, or no validation row is left */
export async function prepareTune(options: TuneWishes & Hooks, shared: SharedModel): Promise<PreparedTune> {
  const { hooks, wishes } = splitHooks(options);
  const chosen = checkOptions(tuneOptions, wishes);
  const subject = await openSubject(chosen, hooks, asked => shared.open(asked, hooks));
  const { task, checkpoint, decoder, tokenizer, conventions } = subject;
  passOnWarnings(task, hooks.onWarning);
  const [seeds, learningRates] = [ascending(chosen.seeds), ascending(chosen.learningRates)];
  const shots = chosen.shots ?? task.defaultShots;
  if (shots < 1)
    throw new UserError('there is nothing to tune without demonstrations', { option: 'shots', value: shots });
  const rows = validationRows(subject, { seeds, shots, wanted: chosen.rows });
  const sequencesOf = (seed: number): Sequences => {
    const choices = { shots, seed, context: decoder.context, queries: rows };
    const sequences = buildSequences({ task, tokenizer, ...conventions, ...choices });
    assertSameDemonstrations({ ...conventions, ...sequences });
    checkVocabulary(checkpoint, decoder, sequences);
    return sequences;
  };
  const { name, digest } = task;
  const plan: TunePlan = {
    schema: 'dualform.tune-plan/1',
    model: modelOfPlan(subject),
    task: { name, digest, template: chosen.template },
    ...{ rule: chosen.rule, ...conventions, shots, seeds, learningRates },
    ...{ rows: rows.map(({ id }) => id), batchSize: chosen.batchSize },
  };
  const gold = sequencesOf(seeds[0]!).queries.map(({ label }) => label);
  return { subject, chosen, plan, rows, gold, sequencesOf };
}

function ascending(values: readonly number[]): readonly number[] {
  return [...new Set(values)].sort((a, b) => a - b);
}
