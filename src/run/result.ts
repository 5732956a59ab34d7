import { accuracy, correct } from '../metric/accuracy.ts';
import { type AccuracyTest, accuracyTests } from '../metric/accuracy-tests.ts';
import { type CorrectedRecall, correctedRecall } from '../metric/corrected-recall.ts';
import { notMeasured } from '../metric/fold.ts';
import { type Predictions, type Rec2FTP, rec2ftp } from '../metric/rec2ftp.ts';
import { type Similarities, summarise } from '../metric/summarise.ts';
import { type Decoder, elements } from '../model/decoder.ts';
import type { SettingName } from '../setting/setting-name.ts';
import type { Interval } from '../statistics/interval.ts';
import { wilson } from '../statistics/wilson.ts';
import type { TemplateVariant } from '../task/task.ts';
import type { Settings } from './make-settings.ts';
import type { Plan } from './plan.ts';
import type { BatchRecords } from './records.ts';
import { foldSteadyCheck, type SteadyCheck } from './steady-check.ts';

/**
 * The result of a run: `result.json`. An undefined similarity or ratio is null, with the reason in
 * `why`.
 */
export interface ExperimentResult extends Similarities {
  readonly schema: 'dualform.run/1';
  /** Fixes every choice; the plan is in the run folder. */
  readonly signature: string;
  readonly model: {
    readonly name: string;
    readonly family: string;
    /** SHA-256 (hex) over the weight files. */
    readonly digest: string;
    readonly layers: number;
    readonly heads: number;
    readonly hiddenSize: number;
    readonly parameters: number;
  };
  readonly task: {
    readonly name: string;
    readonly digest: string;
    readonly template: TemplateVariant;
    readonly labels: readonly string[];
    readonly shots: number;
    readonly shotsAsked: number;
    readonly seed: number;
    /** Original row ids. */
    readonly demonstrations: readonly number[];
    /** How many rows were evaluated. */
    readonly examples: number;
    /** Rows available, without those that were excluded. */
    readonly evaluationRows: number;
    /** Rows excluded because they are training rows too. */
    readonly leaksExcluded: number;
  };
  readonly finetuning: {
    readonly learningRate: number | null;
    /** Mean next-token cross-entropy of each demonstration before its step, in nats. */
    readonly losses: readonly number[];
    readonly why?: string;
    /**
     * Whether finetuning at a rate a millionth higher gives the same answers and updates on the
     * first rows.
     */
    readonly steady: SteadyCheck;
  };
  /** Share of correct predictions, by setting. */
  readonly accuracy: Readonly<Partial<Record<SettingName, number>>>;
  /** What all intervals and tests here refer to. */
  readonly uncertainty: { readonly confidence: 0.95; readonly over: 'rows only, these demonstrations' };
  /** Wilson's. */
  readonly accuracyIntervals: Readonly<Partial<Record<SettingName, Interval>>>;
  readonly accuracyTests: readonly AccuracyTest<SettingName>[];
  /** The corrections for chance and label bias are present when all three settings were run. */
  readonly rec2ftp: Rec2FTP & Partial<CorrectedRecall>;
}

/**
 * Folds the stored records into the result.
 *
 * @param made.losses of the finetuning steps; absent when nothing was finetuned
 */
export function foldResult(
  plan: Plan,
  signature: string,
  decoder: Decoder,
  { losses, check }: Pick<Settings, 'losses' | 'check'>,
  { examples, metrics }: BatchRecords,
): ExperimentResult {
  const { model, task, settings, shots, shotsAsked, seed, demonstrations } = plan;
  const of = (setting: SettingName) => examples.filter(record => record.setting === setting);
  const gold = of(settings[0]!).map(record => record.gold);
  const answers = settings.map(name => ({ name, predicted: of(name).map(record => record.predicted) }));
  const predicted = (setting: SettingName) => answers.find(({ name }) => name === setting)?.predicted;
  return {
    schema: 'dualform.run/1',
    signature,
    model: {
      name: model.name,
      family: decoder.family,
      digest: model.digest,
      layers: decoder.layers,
      heads: decoder.heads,
      hiddenSize: decoder.hiddenSize,
      parameters: elements(decoder.tensors),
    },
    task: {
      name: task.name,
      digest: task.digest,
      template: task.template,
      labels: task.labels,
      shots,
      shotsAsked,
      seed,
      demonstrations,
      examples: plan.examples,
      evaluationRows: task.evaluationRows,
      leaksExcluded: task.leaksExcluded,
    },
    finetuning: {
      learningRate: plan.learningRate,
      losses: losses ?? [],
      ...(losses === undefined && { why: 'needs the setting finetuned' }),
      steady: foldSteadyCheck(plan, metrics, check === 'diverged'),
    },
    accuracy: Object.fromEntries(answers.map(({ name, predicted }) => [name, accuracy(gold, predicted)!])),
    uncertainty: { confidence: 0.95, over: 'rows only, these demonstrations' },
    accuracyIntervals: Object.fromEntries(
      answers.map(({ name, predicted }) => [name, wilson(correct(gold, predicted), gold.length)!]),
    ),
    accuracyTests: accuracyTests(gold, answers),
    rec2ftp: recallOf(seed, {
      gold,
      zeroShot: predicted('zero-shot'),
      inContext: predicted('in-context'),
      finetuned: predicted('finetuned'),
    }),
    ...similaritiesOf(plan, metrics),
  };
}

function recallOf(seed: number, predictions: Predictions): ExperimentResult['rec2ftp'] {
  const { gold, zeroShot, inContext, finetuned } = predictions;
  const raw = rec2ftp(predictions);
  if (!zeroShot || !inContext || !finetuned) return raw;
  return { ...raw, ...correctedRecall([{ seed, gold, zeroShot, inContext, finetuned }]) };
}

function similaritiesOf({ shots }: Plan, metrics: BatchRecords['metrics']): Similarities {
  const similarities = summarise(metrics);
  if (shots > 0) return similarities;
  const none = notMeasured('there are no demonstration tokens');
  return { ...similarities, kendall: { ...none, random: none, difference: none } };
}
