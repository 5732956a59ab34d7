import { UserError } from '../../error.ts';
import type { OnProgress } from '../../hooks.ts';
import {
  type ComparedRow,
  cosinesOfNudge,
  DIVERGED,
  NUDGE,
  type Steadiness,
  steadiness,
} from '../../metric/steadiness.ts';
import type { LoadedModel } from '../../model/loaded-model.ts';
import { isNonFinite } from '../../runtime/errors.ts';
import { releaseAfter } from '../../runtime/scope.ts';
import { finetune } from '../../setting/finetune.ts';
import { finetuned, inContext, type Setting, zeroShot } from '../../setting/setting.ts';
import type { Sequences } from '../../task/sequence.ts';
import type { Answers, Scorer } from '../scorer.ts';
import { mostAccurate, refusalOfAnswers, rightRows } from './rule.ts';

/** Answers to the validation rows; none, and why, where a number was not finite. */
export type Attempt =
  | { readonly answers: Answers; readonly why?: undefined }
  | { readonly answers?: undefined; readonly why: string };

/** The answers at every point of the grid. */
export interface Grid {
  readonly zeroShot: Attempt;
  /** In-context, with the demonstrations of each seed. */
  readonly seeds: readonly { readonly seed: number; readonly attempt: Attempt }[];
  /** The seed with the most right answers; the lowest of equal ones. */
  readonly seed: number;
  /** Finetuned on the demonstrations of `seed`, at each learning rate. */
  readonly rates: readonly {
    readonly learningRate: number;
    readonly attempt: Attempt;
    /** How far a nudge moves the model; null where the rate is refused for its answers alone. */
    readonly steady: Steadiness | null;
  }[];
}

export interface GridOptions {
  readonly seeds: readonly number[];
  readonly rates: readonly number[];
  readonly bos: number;
  /** Demonstrations of a seed, with the validation rows as queries. */
  readonly sequencesOf: (seed: number) => Sequences;
  readonly score: Scorer;
  /** Label ids of the validation rows. */
  readonly gold: readonly number[];
  readonly onProgress: OnProgress | undefined;
}

/**
 * Answers the validation rows zero-shot, in-context for every seed, and finetuned at every learning
 * rate on the demonstrations of the best seed. A rate whose answers do not refuse it is tried
 * again, nudged by a millionth: that shows whether its accuracy depends on the rounding of this
 * machine.
 *
 * @throws UserError when zero-shot has a number that is not finite
 */
export async function computeGrid(model: LoadedModel, options: GridOptions): Promise<Grid> {
  const { seeds, rates, bos, sequencesOf, score, gold, onProgress } = options;
  const total = (1 + seeds.length + 2 * rates.length) * gold.length;
  let done = 0;
  const report = (more: number, part?: string) =>
    onProgress?.({
      stage: 'evaluation',
      done: done + more,
      total,
      unit: 'examples',
      ...(part !== undefined && { part }),
    });
  const attempt = async (
    doing: string,
    attentionOutputs: boolean,
    make: (owner: LoadedModel) => Promise<Setting>,
  ): Promise<Attempt> => {
    report(0, doing);
    const result = await orDiverged(() =>
      releaseAfter(model, async owner =>
        score(owner, await make(owner), { doing, attentionOutputs, onProgress: rows => report(rows, doing) }),
      ),
    );
    done += gold.length;
    return result;
  };

  const reference = await attempt('zero-shot', true, owner => zeroShot(owner, bos));
  if (reference.answers === undefined) throw new UserError(`${model.checkpoint.name}: zero-shot, ${reference.why}`);
  const { attentionOutputs } = reference.answers;

  const tried: Grid['seeds'][number][] = [];
  for (const seed of seeds) {
    const { prefixTokens } = sequencesOf(seed);
    const doing = `in-context, seed ${seed}`;
    tried.push({ seed, attempt: await attempt(doing, false, owner => inContext(owner, prefixTokens)) });
  }
  const scored = tried.map(({ seed, attempt }) => ({ seed, right: rightRows(attempt.answers?.labels, gold) }));
  const { seed } = mostAccurate(scored)!;

  const { finetuning } = sequencesOf(seed);
  const finetunedAt = (name: string, learningRate: number) =>
    attempt(`finetuned, learning rate ${name}`, true, async owner => {
      const { projections } = await finetune(owner, finetuning, { learningRate });
      return finetuned(owner, bos, projections);
    });
  const points: Grid['rates'][number][] = [];
  for (const learningRate of rates) {
    const plain = await finetunedAt(`${learningRate}`, learningRate);
    let steady: Steadiness | null = null;
    if (plain.answers && refusalOfAnswers(plain.answers.labels, gold) === undefined) {
      const { answers } = await finetunedAt(`${learningRate}, nudged`, learningRate * NUDGE);
      steady = answers
        ? steadiness(comparedRows(plain.answers, answers, attentionOutputs, model.decoder.layers))
        : DIVERGED;
    } else {
      done += gold.length;
      report(0);
    }
    points.push({ learningRate, attempt: plain, steady });
  }
  return { zeroShot: reference, seeds: tried, seed, rates: points };
}

function comparedRows(
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

async function orDiverged(work: () => Promise<Answers>): Promise<Attempt> {
  try {
    return { answers: await work() };
  } catch (error) {
    if (!isNonFinite(error)) throw error;
    return { why: (error as Error).message };
  }
}
