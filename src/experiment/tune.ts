import { UserError } from '../error.ts';
import { correct } from '../metric/accuracy.ts';
import { type LoadedModel, loadModel } from '../model/loaded-model.ts';
import { NonFiniteError } from '../runtime/errors.ts';
import { withRuntime } from '../runtime/runtime.ts';
import { releaseAfter } from '../runtime/scope.ts';
import { finetune } from '../setting/finetune.ts';
import { finetuned, inContext, type Setting, zeroShot } from '../setting/setting.ts';
import type { Interval } from '../statistics/interval.ts';
import { wilson } from '../statistics/wilson.ts';
import { permutation } from '../task/permutation.ts';
import type { Row } from '../task/row.ts';
import { assertSameDemonstrations } from '../task/same-demonstrations.ts';
import { buildSequences, chooseDemonstrations, type Sequences } from '../task/sequence.ts';
import type { TemplateVariant } from '../task/task.ts';
import { Interrupted } from './interrupted.ts';
import { makeJury } from './jury.ts';
import { DEFAULT_BATCH_SIZE, DEFAULT_MODEL, DEFAULT_TASK } from './options.ts';
import { checkVocabulary, openSubject, openTextModel, type Subject } from './prepare.ts';
import type { OnProgress } from './progress.ts';
import { scoringOf } from './scoring.ts';

export interface TuneOptions {
  readonly model?: string | undefined;
  /** Of a fairseq model whose file does not say. */
  readonly heads?: number | undefined;
  /** eta of momentum attention. */
  readonly momentum?: number | undefined;
  readonly task?: string | undefined;
  readonly template?: TemplateVariant | undefined;
  readonly separator?: string | undefined;
  readonly documentStart?: string | undefined;
  readonly shots?: number | undefined;
  /** Candidates for the demonstration seed; 1 to 7 unless given. */
  readonly seeds?: readonly number[] | undefined;
  /** Candidates for the learning rate; 0.0001 to 0.5 in steps of 1, 2, 5 unless given. */
  readonly learningRates?: readonly number[] | undefined;
  /** How many training rows judge them; 120 unless given, fewer where there are not as many. */
  readonly rows?: number | undefined;
  readonly batchSize?: number | undefined;
  readonly threads?: number | undefined;
  readonly offline?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
  readonly onWarning?: ((message: string) => void) | undefined;
}

export interface Judged {
  /** Null, with `why`, where the numbers left the finite ones. */
  readonly accuracy: number | null;
  readonly why?: string;
  readonly n: number;
  /** Wilson, 95 %. */
  readonly interval: Interval | null;
}

export type GridPoint =
  | ({ readonly kind: 'seed'; readonly seed: number } & Judged)
  | ({
      readonly kind: 'learning-rate';
      readonly learningRate: number;
      /** Share of the rows that are answered otherwise after finetuning at a rate higher by a millionth; null where either diverged. */
      readonly moved: number | null;
    } & Judged);

export interface TuneResult {
  readonly schema: 'dualform.tune/1';
  readonly model: string;
  readonly task: string;
  readonly seed: number;
  readonly learningRate: number;
  /** The best of the rates that leave the answers where they are when they are nudged; null when none does. */
  readonly steadyLearningRate: number | null;
  /** Demonstrations of the chosen seed. */
  readonly shots: number;
  readonly zeroShot: Judged;
  readonly grid: readonly GridPoint[];
  /** Original ids of the training rows that judged. */
  readonly rows: readonly number[];
}

const SEEDS = [1, 2, 3, 4, 5, 6, 7];
const LEARNING_RATES = [0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5];
const ROWS = 120;
const ROWS_SEED = 0;

/**
 * Times a rate, a change as small as rounding makes: each step enlarges it where steps are longer than the curvature of the loss bears,
 * and then another processor gives other answers.
 */
const NUDGE = 1 + 1e-6;
/** A steady rate moves no more than this share of the answers: rows that lie between two labels. */
const STEADY = 0.01;

/**
 * Chooses the demonstration seed by in-context accuracy, then, with its demonstrations, the learning rate by finetuned accuracy.
 * Of equal ones the lower wins. Every rate is tried once more, nudged by a millionth, which shows whether its accuracy is the rate's own or
 * that of the rounding on this machine. The rows that judge are training rows that are demonstrations of no candidate seed and whose
 * prompt is no evaluation row's, so that evaluation stays unseen (Dai et al. chose on the rows that they report).
 *
 * @throws UserError when nothing is left to judge with, or no learning rate stays finite
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
  const { template = 'code', offline, onProgress, onWarning, threads, signal } = options;
  const seeds = ascending('--seeds', options.seeds ?? SEEDS, seed => Number.isSafeInteger(seed) && seed >= 0);
  const rates = ascending('--learning-rates', options.learningRates ?? LEARNING_RATES, x => x > 0 && x < Infinity);
  const wanted = options.rows ?? ROWS;
  if (!(Number.isSafeInteger(wanted) && wanted > 0)) {
    throw new UserError(`--rows ${wanted}: must be a whole number from 1 on`, { exitCode: 2 });
  }
  const { model = DEFAULT_MODEL, task: taskName = DEFAULT_TASK } = options;
  const subject = await openSubject({ ...options, model, task: taskName, template }, wishes =>
    openTextModel(wishes, { offline, onProgress, signal }),
  );
  const { task, checkpoint, decoder, tokenizer, conventions } = subject;
  const shots = options.shots ?? task.defaultShots;
  if (shots < 1) throw new UserError('--shots 0: there is nothing to tune without demonstrations', { exitCode: 2 });
  const rows = judges(subject, seeds, shots, wanted);
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
  const jury = makeJury(queries, scoringOf(labelTokens, 'prompt-end'), options.batchSize ?? DEFAULT_BATCH_SIZE);
  const gold = queries.map(({ label }) => label);
  const total = (1 + seeds.length + 2 * rates.length) * rows.length;
  let before = 0;
  const answered = async (
    detail: string,
    model: LoadedModel,
    make: (model: LoadedModel) => Promise<Setting>,
  ): Promise<Answered> => {
    const report = (done: number) =>
      onProgress?.({ stage: 'evaluation', done: before + done, total, unit: 'examples', detail });
    report(0);
    const answer = await orDiverged(gold, () =>
      releaseAfter(model, async owner => jury(owner, await make(owner), detail, report)),
    );
    before += rows.length;
    return answer;
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
      const start = conventions.documentStart;
      const { judged: reference } = await answered('zero-shot', loaded, model => zeroShot(model, start));

      const seedPoints: Extract<GridPoint, { kind: 'seed' }>[] = [];
      for (const seed of seeds) {
        const { memoryTokens } = sequencesOf(seed);
        const { judged } = await answered(`in-context, seed ${seed}`, loaded, model => inContext(model, memoryTokens));
        seedPoints.push({ kind: 'seed', seed, ...judged });
      }
      const { seed } = best(seedPoints)!;

      const chosen = sequencesOf(seed);
      const ratePoints: Extract<GridPoint, { kind: 'learning-rate' }>[] = [];
      const finetunedAt = (detail: string, learningRate: number) =>
        answered(`finetuned, learning rate ${detail}`, loaded, async model => {
          const { keyValue } = await finetune(model, chosen.finetuning, { learningRate });
          return finetuned(model, start, keyValue);
        });
      for (const learningRate of rates) {
        const { judged, answers } = await finetunedAt(`${learningRate}`, learningRate);
        const nudged = await finetunedAt(`${learningRate}, nudged`, learningRate * NUDGE);
        const moved = answers && nudged.answers ? (rows.length - correct(answers, nudged.answers)) / rows.length : null;
        ratePoints.push({ kind: 'learning-rate', learningRate, ...judged, moved });
      }
      const rate = best(ratePoints);
      if (rate === undefined) {
        throw new UserError(`--learning-rates ${rates.join(',')}: none stays finite; give lower ones`);
      }
      return {
        schema: 'dualform.tune/1',
        model: checkpoint.name,
        task: task.name,
        seed,
        learningRate: rate.learningRate,
        steadyLearningRate:
          best(ratePoints.filter(({ moved }) => moved !== null && moved <= STEADY))?.learningRate ?? null,
        shots: chosen.shots,
        zeroShot: reference,
        grid: [...seedPoints, ...ratePoints],
        rows: rows.map(({ id }) => id),
      };
    },
  );
}

function ascending(option: string, values: readonly number[], valid: (value: number) => boolean): readonly number[] {
  const wrong = values.find(value => !valid(value));
  if (wrong !== undefined) throw new UserError(`${option} ${wrong}: not a possible value`, { exitCode: 2 });
  if (values.length === 0) throw new UserError(`${option}: give at least one`, { exitCode: 2 });
  return [...new Set(values)].sort((a, b) => a - b);
}

/**
 * The first `wanted` training rows of a fixed shuffle that no candidate seed shows as demonstrations, that are no evaluation rows
 * by their prompt, and that are no longer than those, so that they fit behind any demonstrations.
 */
function judges({ task, tokenizer }: Subject, seeds: readonly number[], shots: number, wanted: number): readonly Row[] {
  const demonstrations = new Set(seeds.flatMap(seed => chooseDemonstrations(task, seed, shots).map(({ id }) => id)));
  const evaluated = task.evaluation().map(row => task.prompt(row));
  const unseen = new Set(evaluated);
  const longest = tokenizer.encodeAll(evaluated).reduce((most, { length }) => Math.max(most, length), 0);
  const train = task.train();
  const rows: Row[] = [];
  for (const i of permutation(ROWS_SEED, train.length)) {
    const row = train[i]!;
    const prompt = task.prompt(row);
    if (demonstrations.has(row.id) || unseen.has(prompt) || tokenizer.encode(prompt).length > longest) continue;
    rows.push(row);
    if (rows.length === wanted) break;
  }
  if (rows.length > 0) return rows;
  throw new UserError(
    `task ${task.name}: no training row is left to judge with; give fewer --seeds or --shots, or more training rows`,
  );
}

interface Answered {
  readonly judged: Judged;
  /** Label ids, row by row; absent where the numbers left the finite ones. */
  readonly answers?: readonly number[];
}

async function orDiverged(gold: readonly number[], work: () => Promise<readonly number[]>): Promise<Answered> {
  const n = gold.length;
  try {
    const answers = await work();
    const right = correct(gold, answers);
    return { judged: { accuracy: right / n, n, interval: wilson(right, n) }, answers };
  } catch (error) {
    if (!isNonFinite(error)) throw error;
    return { judged: { accuracy: null, why: (error as Error).message, n, interval: null } };
  }
}

function isNonFinite(error: unknown): boolean {
  return error instanceof NonFiniteError || (error instanceof Error && error.cause instanceof NonFiniteError);
}

/** The first of those with the highest accuracy; undefined when none has one. */
function best<P extends GridPoint>(points: readonly P[]): P | undefined {
  return points.reduce<P | undefined>(
    (top, point) => (point.accuracy !== null && point.accuracy > (top?.accuracy ?? -1) ? point : top),
    undefined,
  );
}
