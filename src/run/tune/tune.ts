import { UserError } from '../../error.ts';
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
import { isNonFinite } from '../../runtime/errors.ts';
import { withRuntime } from '../../runtime/node/open-runtime.ts';
import { releaseAfter } from '../../runtime/scope.ts';
import { finetune } from '../../setting/finetune.ts';
import { finetuned, inContext, type Setting, zeroShot } from '../../setting/setting.ts';
import type { Interval } from '../../statistics/interval.ts';
import { wilson } from '../../statistics/wilson.ts';
import { assertSameDemonstrations } from '../../task/same-demonstrations.ts';
import { buildSequences, type Sequences } from '../../task/sequence.ts';
import type { TemplateVariant } from '../../task/task.ts';
import { passOnWarnings } from '../../task/warnings.ts';
import { Interrupted } from '../interrupted.ts';
import { DEFAULT_BATCH_SIZE, DEFAULT_MODEL, DEFAULT_TASK } from '../options.ts';
import { checkVocabulary, openSubject } from '../prepare.ts';
import type { OnProgress } from '../progress.ts';
import { type Answers, makeScorer, type ScoreOptions } from '../scorer.ts';
import { scoringOf } from '../scoring.ts';
import {
  chooseSteadyRate,
  mostAccurate,
  mostFrequent,
  type RateVerdict,
  type Rule,
  refusalOfAnswers,
  rightRows,
} from './rule.ts';
import { validationRows } from './validation-rows.ts';

export interface TuneOptions {
  readonly model?: string | undefined;
  /** Of a fairseq model whose file does not say. */
  readonly heads?: number | undefined;
  /** eta of momentum attention. */
  readonly momentum?: number | undefined;
  readonly task?: string | undefined;
  readonly template?: TemplateVariant | undefined;
  readonly separator?: string | undefined;
  readonly bos?: string | undefined;
  readonly shots?: number | undefined;
  /** How the learning rate is chosen; `steady` unless given. */
  readonly rule?: Rule | undefined;
  /** Candidates for the demonstration seed; 1 to 7 unless given. */
  readonly seeds?: readonly number[] | undefined;
  /** Candidates for the learning rate; 0.0001 to 0.5 in steps of 1, 2, 5 unless given. */
  readonly learningRates?: readonly number[] | undefined;
  /** Training rows to validate on; 120 unless given, fewer where there are not as many. */
  readonly rows?: number | undefined;
  readonly batchSize?: number | undefined;
  readonly threads?: number | undefined;
  readonly offline?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
  readonly onWarning?: ((message: string) => void) | undefined;
}

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

const SEEDS = [1, 2, 3, 4, 5, 6, 7];
const LEARNING_RATES = [0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5];
const ROWS = 120;

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
  const { template = 'code', offline, onProgress, onWarning, threads, signal, rule = 'steady' } = options;
  const seeds = ascending('--seeds', options.seeds ?? SEEDS, seed => Number.isSafeInteger(seed) && seed >= 0);
  const rates = ascending('--learning-rates', options.learningRates ?? LEARNING_RATES, x => x > 0 && x < Infinity);
  const wanted = options.rows ?? ROWS;
  if (!(Number.isSafeInteger(wanted) && wanted > 0)) {
    throw new UserError(`--rows ${wanted}: must be a whole number from 1 on`, { exitCode: 2 });
  }
  const { model = DEFAULT_MODEL, task: taskName = DEFAULT_TASK } = options;
  const wishes = { ...options, model, task: taskName, template };
  const subject = await openSubject(wishes, { offline, onProgress, signal });
  const { task, checkpoint, decoder, tokenizer, conventions } = subject;
  passOnWarnings(task, onWarning);
  const shots = options.shots ?? task.defaultShots;
  if (shots < 1) throw new UserError('--shots 0: there is nothing to tune without demonstrations', { exitCode: 2 });
  const rows = validationRows(subject, { seeds, shots, wanted });
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
  const score = makeScorer(queries, scoringOf(labelTokens, 'prompt-end'), options.batchSize ?? DEFAULT_BATCH_SIZE);
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
      onProgress?.({ stage: 'evaluation', done: before + done, total, unit: 'examples', detail: doing });
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
        throw new UserError(`--learning-rates ${rates.join(',')}: finetuning diverges at each; give lower ones`);
      }
      if (rule === 'steady' && choice.learningRate === null) {
        throw new UserError(`--learning-rates ${rates.join(',')}: ${choice.why}; give other rates, or --rule paper`);
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

function ascending(option: string, values: readonly number[], valid: (value: number) => boolean): readonly number[] {
  const wrong = values.find(value => !valid(value));
  if (wrong !== undefined) throw new UserError(`${option} ${wrong}: not a possible value`, { exitCode: 2 });
  if (values.length === 0) throw new UserError(`${option}: give at least one`, { exitCode: 2 });
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
