/**
 * @file What Live computes, on any engine: the three settings of one query, the updates that both kinds of learning
 * make, and the attention over the demonstrations. Prefixes and finetuned projections are kept between calls: a changed
 * query costs its own tokens only.
 */
import type { LoadedModel } from '../../model/loaded-model.ts';
import { releasePrefix } from '../../model/prefix.ts';
import { type Observed, observe, type Taps } from '../../observe/observe.ts';
import { scoringOf } from '../../run/scoring.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { releaseOnFailure } from '../../runtime/scope.ts';
import { finetune, releaseProjections } from '../../setting/finetune.ts';
import { finetuned, inContext, type Setting, zeroShot } from '../../setting/setting.ts';
import type { Encoder } from '../../tokenizer/definition.ts';
import type { LiveAnswer, LiveProgress } from './answer.ts';
import { attentionWeights } from './attention-weights.ts';
import type { LiveRequest } from './request.ts';
import { type LiveSequences, liveSequences } from './sequences.ts';
import { compareUpdates, type NullOutput } from './updates.ts';

export interface LiveHooks {
  /** Stops the work after the graph that is running. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (progress: LiveProgress) => void;
  /** Receives each part of the answer when it is computed, and losses step by step. */
  readonly onPart?: (part: Partial<LiveAnswer>) => void;
}

export interface Lab {
  /**
   * Answers a request; one at a time.
   *
   * @throws UserError when texts have no tokens or do not fit, or finetuning diverges; the reason of the signal
   */
  readonly answer: (request: LiveRequest, hooks?: LiveHooks) => Promise<LiveAnswer>;
}

/** What is kept of a setting between calls. */
interface Kept {
  readonly key: string;
  readonly setting: Setting;
  readonly losses: readonly number[];
}

export function openLab(model: LoadedModel, encoder: Encoder): Lab {
  const kept = new Map<string, Kept>();

  /** The setting of a slot; made again where `key` is another, after the old one is released. */
  async function keep(
    slot: string,
    key: unknown,
    make: () => Promise<{ readonly setting: Setting; readonly losses?: readonly number[] }>,
  ): Promise<Kept> {
    const text = JSON.stringify(key);
    const old = kept.get(slot);
    if (old?.key === text) return old;
    if (old !== undefined) {
      kept.delete(slot);
      await releasePrefix(model, old.setting.prefix);
      await releaseProjections(model, old.setting.projections);
    }
    const now = { key: text, losses: [], ...(await make()) };
    kept.set(slot, now);
    return now;
  }

  async function answer(request: LiveRequest, hooks: LiveHooks = {}): Promise<LiveAnswer> {
    const { signal, onProgress, onPart } = hooks;
    const own: LoadedModel = { ...model, runtime: stoppable(model.runtime, signal) };
    const sequences = liveSequences(model, encoder, request);
    const { bos, set, query, labelTokens } = sequences;
    const steps = set.finetuning.length;
    const scoring = scoringOf(labelTokens, 'prompt-end');
    let state: LiveAnswer = { settings: [], losses: [] };
    const tell = (part: Partial<LiveAnswer>) => {
      state = { ...state, ...part };
      onPart?.(part);
    };
    const read = async ({ setting }: Kept, taps: Taps = {}): Promise<Read> => {
      const { queries } = await observe(own, setting, scoring.rows(query), {
        labels: scoring.labels,
        taps: { attentionOutput: true, ...taps },
        doing: `${setting.name}: the query`,
      });
      return { observed: queries[0]!, scores: scoring.scores(queries.map(each => each.logProbabilities)) };
    };
    const readSetting = async (one: Kept, taps?: Taps): Promise<Read> => {
      const found = await read(one, taps);
      tell({ settings: [...state.settings, { name: one.setting.name, logProbabilities: found.scores }] });
      return found;
    };
    const prefixOf = (slot: string, tokens: readonly number[]) =>
      keep(slot, tokens, async () => {
        const onTokens = (done: number) => onProgress?.({ stage: slot, done, total: tokens.length });
        onTokens(0);
        return { setting: await inContext(own, tokens, { onProgress: onTokens }) };
      });

    onProgress?.({ stage: 'zero-shot', done: 0, total: 1 });
    const base = await readSetting(await keep('zero-shot', bos, async () => ({ setting: await zeroShot(own, bos) })));
    const before = await readSetting(await prefixOf('in-context', set.prefixTokens), {
      attentionScores: true,
      prefixScores: true,
    });
    tell({ attention: attentionOf(model, sequences, before.observed) });
    const learned = await keep('finetuned', [set.finetuning, request.learningRate], async () => {
      onProgress?.({ stage: 'finetuning', done: 0, total: steps });
      const losses: number[] = [];
      const setting = await releaseOnFailure(own, async owner => {
        const { projections } = await finetune(owner, set.finetuning, {
          learningRate: request.learningRate,
          onStep: (step, loss) => {
            losses.push(loss);
            onProgress?.({ stage: 'finetuning', done: step + 1, total: steps });
            tell({ losses: [...losses] });
          },
        });
        return finetuned(owner, bos, projections);
      });
      return { setting, losses };
    });
    tell({ losses: learned.losses });
    const after = await readSetting(learned);
    const outputs = {
      zeroShot: base.observed.attentionOutput!,
      inContext: before.observed.attentionOutput!,
      finetuned: after.observed.attentionOutput!,
    };
    const { layers } = model.decoder;
    if (steps === 0) return state;
    tell({ updates: compareUpdates(outputs, [], layers) });
    const nulls: NullOutput[] = [];
    for (const [name, variant] of [
      ['other demonstrations', sequences.others],
      ['shuffled labels', sequences.shuffledLabels],
    ] as const) {
      if (variant.set === null) {
        nulls.push({ name, why: variant.why! });
        continue;
      }
      const { observed } = await read(await prefixOf(name, variant.set.prefixTokens));
      nulls.push({ name, output: observed.attentionOutput! });
      tell({ updates: compareUpdates(outputs, nulls, layers) });
    }
    tell({ updates: compareUpdates(outputs, nulls, layers) });
    return state;
  }

  return { answer };
}

interface Read {
  readonly observed: Observed;
  /** Log-probability of each label word. */
  readonly scores: readonly number[];
}

function attentionOf(
  { decoder }: Pick<LoadedModel, 'decoder'>,
  { pieces }: LiveSequences,
  { prefixScores, attentionScores }: Observed,
): NonNullable<LiveAnswer['attention']> {
  const { layers, heads } = decoder;
  return { layers, heads, pieces, weights: attentionWeights(decoder, prefixScores!, attentionScores!) };
}

/** A runtime that begins no graph once the signal is aborted. */
function stoppable(runtime: Runtime, signal: AbortSignal | undefined): Runtime {
  return {
    ...runtime,
    run: (session, request) => {
      signal?.throwIfAborted();
      return runtime.run(session, request);
    },
  };
}
