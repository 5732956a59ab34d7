import type { OnProgress } from '../hooks.ts';
import type { TrainingTokens } from '../metric/attention-to-training-tokens.ts';
import type { LoadedModel } from '../model/loaded-model.ts';
import { prefixGraph } from '../model/prefix.ts';
import { finetune } from '../setting/finetune.ts';
import { gradientGraph } from '../setting/finetune-step.ts';
import { finetuned, inContext, type Setting, zeroShot } from '../setting/setting.ts';
import type { Sequences } from '../task/sequence.ts';
import type { Prepared } from './prepare.ts';
import type { Stopwatch } from './provenance.ts';
import { finetuneNudged, type NudgedSettings } from './steady-check.ts';

export interface Settings {
  /** In the order of the plan. */
  readonly settings: readonly Setting[];
  /** Of finetuning; absent when nothing is finetuned. */
  readonly losses?: readonly number[];
  /** Present when both in-context and finetuned are run on at least one demonstration. */
  readonly training?: TrainingTokens;
  /** Present when finetuning is compared with itself at a nudged rate. */
  readonly check?: NudgedSettings | 'diverged';
}

/**
 * Makes the settings of a plan: prefixes first, then the finetuning steps. Sessions that only this
 * step needs are closed afterwards, so that they do not stay in memory during evaluation.
 */
export async function makeSettings(
  model: LoadedModel,
  { plan, sequences }: Pick<Prepared, 'plan' | 'sequences'>,
  { watch, onProgress }: { readonly watch: Stopwatch; readonly onProgress: OnProgress | undefined },
): Promise<Settings> {
  const { settings: names, bos, learningRate, steadyRows } = plan;
  const made: Partial<Record<Setting['name'], Setting>> = {};
  const make = async (name: Setting['name'], tokens: number, work: () => Promise<Setting>) => {
    await watch.time('load', () => model.session(prefixGraph));
    made[name] = await watch.time('prefix', work);
    watch.add('prefix', 0, tokens);
  };
  const prefix = sequences.prefixTokens.length;
  const zeroShotTokens = names.includes('zero-shot') ? 1 : 0;
  const total = zeroShotTokens + (names.includes('in-context') ? prefix : 0);
  const report = (done: number) => onProgress?.({ stage: 'prefix', done, total, unit: 'tokens' });
  if (total > 0) report(0);
  if (names.includes('zero-shot')) {
    await make('zero-shot', 1, () => zeroShot(model, bos, { onProgress: report }));
  }
  if (names.includes('in-context')) {
    const onDone = (done: number) => report(zeroShotTokens + done);
    await make('in-context', prefix, () => inContext(model, sequences.prefixTokens, { onProgress: onDone }));
  }

  let losses: readonly number[] | undefined;
  let training: TrainingTokens | undefined;
  let check: Settings['check'];
  if (learningRate !== null) {
    const recorder =
      names.includes('in-context') && sequences.shots > 0 ? recordQueries(sequences, model.decoder.layers) : undefined;
    const steps = sequences.finetuning.length;
    const total = steadyRows > 0 ? 2 * steps : steps;
    const stepsDone = (done: number) => onProgress?.({ stage: 'finetuning', done, total, unit: 'steps' });
    // Each open session maps the weights once more; opening one at a time keeps the peak low.
    await model.closeSession(prefixGraph);
    await watch.time('load', () => model.session(gradientGraph));
    stepsDone(0);
    const left = await watch.time('finetuning', () =>
      finetune(model, sequences.finetuning, {
        learningRate,
        ...(recorder && { onQueries: recorder.onQueries }),
        onStep: step => stepsDone(step + 1),
      }),
    );
    const tokens = sequences.finetuning.reduce((sum, sequence) => sum + sequence.length, 0);
    watch.add('finetuning', 0, tokens);
    const nudged =
      steadyRows > 0
        ? await watch.time('steadiness', () =>
            finetuneNudged(model, sequences, learningRate, step => stepsDone(steps + step + 1)),
          )
        : undefined;
    await model.closeSession(gradientGraph);
    losses = left.losses;
    training = recorder?.training;
    await make('finetuned', 1, () => finetuned(model, bos, left.projections));
    if (nudged === 'diverged') check = nudged;
    else if (nudged !== undefined) {
      check = await watch.time('steadiness', async () => ({
        zeroShot: made['zero-shot'] ?? (await zeroShot(model, bos)),
        nudged: await finetuned(model, bos, nudged),
      }));
      watch.add('steadiness', 0, tokens);
    }
  }
  await model.closeSession(prefixGraph);
  const settings = names.map(name => made[name]!);
  return { settings, ...(losses && { losses }), ...(training && { training }), ...(check && { check }) };
}

/**
 * Keeps the training queries of the demonstration tokens: N rows per layer, without the BOS of each
 * sequence, and the index of each of those tokens in the in-context prefix.
 */
export function recordQueries({ demonstrations }: Pick<Sequences, 'demonstrations'>, layers: number) {
  const prefixIndices = demonstrations.flatMap(({ tokens, start }) => tokens.map((_, t) => start + t));
  let queries: Float32Array[] = [];
  let at = 0;
  return {
    get training(): TrainingTokens {
      return { prefixIndices, queries };
    },
    onQueries: (step: number, perLayer: readonly Float32Array[]) => {
      const { length } = demonstrations[step]!.tokens;
      const width = perLayer[0]!.length / (length + 1);
      if (step === 0) {
        at = 0;
        queries = Array.from({ length: layers }, () => new Float32Array(prefixIndices.length * width));
      }
      for (const [layer, rows] of perLayer.entries()) queries[layer]!.set(rows.subarray(width), at * width);
      at += length;
    },
  };
}
