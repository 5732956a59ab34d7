import { UserError } from '../../error.ts';
import { type Hooks, splitHooks } from '../../hooks.ts';
import { correct } from '../../metric/accuracy.ts';
import {
  type ComparedRow,
  cosinesOfNudge,
  DIVERGED,
  NUDGE,
  type Steadiness,
  steadiness,
} from '../../metric/steadiness.ts';
import { type LoadedModel, loadModel } from '../../model/loaded-model.ts';
import { checkOptions } from '../../options.ts';
import { isNonFinite } from '../../runtime/errors.ts';
import { withRuntime } from '../../runtime/node/open-runtime.ts';
import { releaseAfter } from '../../runtime/scope.ts';
import { finetune } from '../../setting/finetune.ts';
import { finetuned, inContext, type Setting, zeroShot } from '../../setting/setting.ts';
import type { Interval } from '../../statistics/interval.ts';
import { wilson } from '../../statistics/wilson.ts';
import { assertSameDemonstrations } from '../../task/same-demonstrations.ts';
import { buildSequences, type Sequences } from '../../task/sequence.ts';
import { passOnWarnings } from '../../task/warnings.ts';
import { Interrupted } from '../interrupted.ts';
import { checkVocabulary, openSubject } from '../prepare.ts';
import { type Answers, makeScorer, type ScoreOptions } from '../scorer.ts';
import { scoringOf } from '../scoring.ts';
import { type Rule, type TuneWishes, tuneOptions } from './options.ts';
import { chooseSteadyRate, mostAccurate, mostFrequent, type RateVerdict, refusalOfAnswers, rightRows } from './rule.ts';
import { validationRows } from './validation-rows.ts';

export type TuneOptions = TuneWishes & Hooks;

export interface Validated {
  /** Null, with `why`, where a number became infinite or NaN. */
  readonly accuracy: number | null;
  readonly why?: string;
  readonly n: number;
  /** Wilson, 95 %. */
  readonly interval: Interval | null;
  /** The most frequent answer: its label id and the share of rows that are answered so; null where the model diverged. */
  readonly mostFrequent: { readonly label: number; readonly share: number } | null;
}

export type GridPoint =
  | ({ readonly kind: 'seed'; readonly seed: number } & Validated)
  | ({
      readonly kind: 'learning-rate';
      /** How far a nudge by a millionth moves the model; null where the rate is refused without. */
      readonly steady: Steadiness | null;
    } & RateVerdict &
      Validated);

export interface TuneResult {
  readonly schema: 'dualform.tune/1';
  readonly model: string;
  readonly task: string;
  readonly rule: Rule;
  readonly seed: number;
  readonly learningRate: number;
  /** What the rule `steady` chooses, and the ends of its steady range; null, with why, when every rate is refused. */
  readonly steady: { readonly learningRate: number; readonly range: readonly [number, number] } | null;
  readonly why?: string;
  /** What the rule `paper` chooses. */
  readonly mostAccurate: number;
  /** Demonstrations of the chosen seed. */
  readonly shots: number;
  readonly zeroShot: Validated;
  readonly grid: readonly GridPoint[];
  /** Original ids of the validation rows, which are training rows. */
  readonly rows: readonly number[];
  /** Share of each label among them, by label id. */
  readonly goldShares: readonly number[];
}

/**
 * Chooses the demonstration seed by in-context accuracy (of equals the lowest), then, with its demonstrations, the learning rate by a rule
 * (`chooseSteadyRate` unless `rule` says `paper`). A rate whose answers are no reason to refuse it is tried again, nudged by a millionth, which
 * shows whether its accuracy is the rate's own or that of the rounding on this machine. The validation rows are training rows that are demonstrations of no
 * candidate seed and whose prompt is no evaluation row's (Dai et al. chose on the rows that they report).
 *
 * @throws UserError when no validation row is left, or the rule can choose no rate
 * @throws Interrupted after `signal`
 */
export async function tune(options: TuneOptions = {}): Promise<TuneResult> {
  const { signal } = options;
  try {
    signal?.throwIfAborted();
    return await tuneUninterrupted(options);
  } catch (error) {
    if (signal?.aborted) throw new Interrupted('interrupted; nothing was chosen', { cause: error });
    throw error;
  }
}

async function tuneUninterrupted(options: TuneOptions): Promise<TuneResult> {
  const { hooks, wishes } = splitHooks(options);
  const { onProgress, onWarning, threads, signal } = hooks;
  const chosen = checkOptions(tuneOptions, wishes);
  const { rule } = chosen;
  const [seeds, rates] = [ascending(chosen.seeds), ascending(chosen.learningRates)];
  const subject = await openSubject(chosen, hooks);
  const { task, checkpoint, decoder, tokenizer, conventions } = subject;
  passOnWarnings(task, onWarning);
  const shots = chosen.shots ?? task.defaultShots;
  if (shots < 1)
    throw new UserError('there is nothing to tune without demonstrations', { option: 'shots', value: shots });
  const rows = validationRows(subject, { seeds, shots, wanted: chosen.rows });
  const sequencesOf = (seed: number): Sequences => {
    const sequences = buildSequences({
      task,
      tokenizer,
      ...conventions,
      shots,
      seed,
      context: decoder.context,
      queries: rows,
    });
    assertSameDemonstrations({ ...conventions, ...sequences });
    checkVocabulary(checkpoint, decoder, sequences);
    return sequences;
  };

  const { queries, labelTokens } = sequencesOf(seeds[0]!);
  const score = makeScorer(queries, scoringOf(labelTokens, 'prompt-end'), chosen.batchSize);
  const gold = queries.map(({ label }) => label);
  const total = (1 + seeds.length + 2 * rates.length) * rows.length;
  let before = 0;
  const answered = async (
    doing: string,
    model: LoadedModel,
    make: (model: LoadedModel) => Promise<Setting>,
    { attentionOutputs = false }: Pick<ScoreOptions, 'attentionOutputs'> = {},
  ): Promise<Attempt> => {
    const report = (done: number) =>
      onProgress?.({ stage: 'evaluation', done: before + done, total, unit: 'examples', part: doing });
    report(0);
    const attempt = await orDiverged(() =>
      releaseAfter(model, async owner =>
        score(owner, await make(owner), { doing, attentionOutputs, onProgress: report }),
      ),
    );
    before += rows.length;
    return attempt;
  };

  return withRuntime(
    {
      threads,
      signal,
      onCrash: ({ cause, doing }) =>
        onWarning?.(`the compute process ended (${cause}) while ${doing}; trying once more`),
    },
    async runtime => {
      before = 0;
      const loaded = await loadModel(checkpoint, runtime);
      const start = conventions.bos;
      const outputs = { attentionOutputs: true };
      const reference = await answered('zero-shot', loaded, model => zeroShot(model, start), outputs);
      if (reference.answers === undefined) throw new UserError(`${checkpoint.name}: zero-shot, ${reference.why}`);

      const tried = [];
      for (const seed of seeds) {
        const { prefixTokens } = sequencesOf(seed);
        const attempt = await answered(`in-context, seed ${seed}`, loaded, model => inContext(model, prefixTokens));
        tried.push({ seed, ...attempt, right: rightRows(attempt.answers?.labels, gold) });
      }
      const { seed } = mostAccurate(tried)!;

      const chosen = sequencesOf(seed);
      const finetunedAt = (detail: string, learningRate: number) =>
        answered(
          `finetuned, learning rate ${detail}`,
          loaded,
          async model => {
            const { projections } = await finetune(model, chosen.finetuning, { learningRate });
            return finetuned(model, start, projections);
          },
          outputs,
        );
      const points = [];
      for (const learningRate of rates) {
        const plain = await finetunedAt(`${learningRate}`, learningRate);
        const labels = plain.answers?.labels;
        let steady: Steadiness | null = null;
        if (plain.answers && refusalOfAnswers(plain.answers.labels, gold) === undefined) {
          const nudged = await finetunedAt(`${learningRate}, nudged`, learningRate * NUDGE);
          const { answers } = nudged;
          steady = answers
            ? steadiness(compared(plain.answers, answers, reference.answers.attentionOutputs, decoder.layers))
            : DIVERGED;
        } else {
          before += rows.length;
          onProgress?.({ stage: 'evaluation', done: before, total, unit: 'examples' });
        }
        const right = rightRows(labels, gold);
        points.push({ learningRate, validated: validated(plain, gold), steady, labels, right });
      }
      const choice = chooseSteadyRate(
        points.map(({ learningRate, labels, steady }) => ({
          learningRate,
          ...(labels && { answers: labels }),
          ...(steady && { steady }),
        })),
        gold,
      );
      const best = mostAccurate(points.filter(({ labels }) => labels !== undefined));
      if (best === undefined) {
        throw new UserError(`\`learningRates\` ${rates.join(',')}: finetuning diverges at each`, {
          remedy: 'give lower rates',
        });
      }
      if (rule === 'steady' && choice.learningRate === null) {
        throw new UserError(`\`learningRates\` ${rates.join(',')}: ${choice.why}`, {
          remedy: 'give other rates, or `rule` paper',
        });
      }
      return {
        schema: 'dualform.tune/1',
        model: checkpoint.name,
        task: task.name,
        rule,
        seed,
        learningRate: rule === 'paper' ? best.learningRate : choice.learningRate!,
        steady: choice.learningRate === null ? null : { learningRate: choice.learningRate, range: choice.range! },
        ...(choice.why !== undefined && { why: choice.why }),
        mostAccurate: best.learningRate,
        shots: chosen.shots,
        zeroShot: validated(reference, gold),
        grid: [
          ...tried.map(({ seed, ...attempt }) => ({ kind: 'seed' as const, seed, ...validated(attempt, gold) })),
          ...points.map(({ validated, steady }, i) => ({
            kind: 'learning-rate' as const,
            ...choice.verdicts[i]!,
            ...validated,
            steady,
          })),
        ],
        rows: rows.map(({ id }) => id),
        goldShares: task.labels.map((_, label) => gold.filter(each => each === label).length / gold.length),
      };
    },
  );
}

function compared(
  plain: Answers,
  nudged: Answers,
  zeroShot: readonly Float32Array[],
  layers: number,
): readonly ComparedRow[] {
  return zeroShot.map((base, row) => {
    const outputs = { plain: plain.attentionOutputs[row]!, nudged: nudged.attentionOutputs[row]!, zeroShot: base };
    return { cosines: cosinesOfNudge(outputs, layers), moved: plain.labels[row] !== nudged.labels[row] };
  });
}

function ascending(values: readonly number[]): readonly number[] {
  return [...new Set(values)].sort((a, b) => a - b);
}

/** Answers, or why there are none. */
type Attempt =
  | { readonly answers: Answers; readonly why?: undefined }
  | { readonly answers?: undefined; readonly why: string };

async function orDiverged(work: () => Promise<Answers>): Promise<Attempt> {
  try {
    return { answers: await work() };
  } catch (error) {
    if (!isNonFinite(error)) throw error;
    return { why: (error as Error).message };
  }
}

function validated({ answers, why }: Attempt, gold: readonly number[]): Validated {
  const n = gold.length;
  if (answers === undefined) return { accuracy: null, why, n, interval: null, mostFrequent: null };
  const right = correct(gold, answers.labels);
  return { accuracy: right / n, n, interval: wilson(right, n), mostFrequent: mostFrequent(answers.labels) };
}
