import { join } from 'node:path';
import type { CellOptions } from '../../cell/cell.ts';
import type { CellKind } from '../../cell/kind.ts';
import { namedStore } from '../../cell/named-store.ts';
import { UserError } from '../../error.ts';
import type { Json } from '../../files/canonical-json.ts';
import { prettyJson } from '../../files/pretty-json.ts';
import { writeText } from '../../files/run-folder.ts';
import type { Hooks } from '../../hooks.ts';
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
import { ownMemory } from '../../runtime/node/memory.ts';
import { withRuntime } from '../../runtime/node/open-runtime.ts';
import { releaseAfter } from '../../runtime/scope.ts';
import { finetune } from '../../setting/finetune.ts';
import { finetuned, inContext, type Setting, zeroShot } from '../../setting/setting.ts';
import { type Answers, makeScorer } from '../scorer.ts';
import { scoringOf } from '../scoring.ts';
import { type SharedModel, shareModel } from '../shared-model.ts';
import { estimateTune } from './estimate-tune.ts';
import { type Attempt, type Point, type PointRecord, passesAt, pathOfPoint, pointOf } from './grid.ts';
import type { TuneWishes } from './options.ts';
import { type PreparedTune, prepareTune } from './prepare-tune.ts';
import { refusalOfAnswers } from './rule.ts';

/** A grid whose points can be computed. */
interface ReadyGrid {
  readonly prepared: PreparedTune;
  /** Zero-shot attention outputs, row by row, which every rate is compared with; once they are computed. */
  outputs?: readonly Float32Array[];
}

/**
 * A point of the grid of `tune`. Its cell is a file in `grid`.
 *
 * @param made the grid of all cells, where it is prepared already, and the model
 */
export function pointKind(made?: { readonly prepared: PreparedTune; readonly shared: SharedModel }): CellKind {
  const ready: ReadyGrid | undefined = made && { prepared: made.prepared };
  return {
    name: 'tune-point',
    schema: 'dualform.tune-plan/1',
    storeIn: root => namedStore(root, cell => pathOfPoint(pointOf(cell))),
    open: () => {
      const shared = made?.shared ?? shareModel();
      let planned: { readonly of: string; readonly grid: Promise<ReadyGrid> } | undefined;
      const gridOf = ({ tune }: CellOptions, hooks: Hooks): Promise<ReadyGrid> => {
        if (ready !== undefined) return Promise.resolve(ready);
        const of = JSON.stringify(tune);
        const prepare = async () => ({ prepared: await prepareTune({ ...(tune as TuneWishes), ...hooks }, shared) });
        if (planned?.of !== of) planned = { of, grid: prepare() };
        return planned.grid;
      };
      let peakBytes = 0;
      return {
        compute: async (options, { out, threads, device, offline, signal, onProgress, onWarning }) => {
          const grid = await gridOf(options, { offline, signal });
          const { checkpoint } = grid.prepared.subject;
          return withRuntime({ threads, device, signal, lender: shared.lender, onWarning }, async runtime => {
            const started = performance.now();
            const model = await shared.load(checkpoint, runtime);
            const record = await answerPoint(model, pointOf({ options }), grid, onProgress);
            await writeText(join(out, 'result.json'), prettyJson(record as unknown as Json));
            const seconds = (performance.now() - started) / 1000;
            peakBytes = (await runtime.usage()).peakResidentBytes;
            return { seconds, tokens: 0, threads: runtime.threads, device: runtime.device };
          });
        },
        peakMemoryBytes: async () => ownMemory().peakResidentBytes + peakBytes,
        memoryBytes: async ({ tune }, hooks) =>
          (await estimateTune(tune as TuneWishes, hooks, { measure: false, shared })).memoryBytes,
        close: async () => {
          if (made === undefined) await shared.close();
        },
      };
    },
  };
}

/**
 * Answers the validation rows at a point. A rate whose answers do not refuse it is tried again,
 * nudged by a millionth: that shows whether its accuracy depends on the rounding of this machine.
 */
async function answerPoint(
  model: LoadedModel,
  point: Point,
  grid: ReadyGrid,
  onProgress: Hooks['onProgress'],
): Promise<PointRecord> {
  const { gold, plan, chosen, sequencesOf } = grid.prepared;
  const { queries, labelTokens } = sequencesOf(plan.seeds[0]!);
  const score = makeScorer(queries, scoringOf(labelTokens, 'prompt-end'), chosen.batchSize);
  const total = passesAt(point) * gold.length;
  const answer = async (
    doing: string,
    { before, attentionOutputs }: { readonly before: number; readonly attentionOutputs: boolean },
    make: (owner: LoadedModel) => Promise<Setting>,
  ): Promise<Answers | Attempt> => {
    const report = (rows: number) =>
      onProgress?.({ stage: 'evaluation', part: doing, done: before + rows, total, unit: 'examples' });
    report(0);
    try {
      return await releaseAfter(model, async owner =>
        score(owner, await make(owner), { doing, attentionOutputs, onProgress: report }),
      );
    } catch (error) {
      if (!isNonFinite(error)) throw error;
      return { why: (error as Error).message };
    }
  };
  const zero = () => answer('zero-shot', { before: 0, attentionOutputs: true }, owner => zeroShot(owner, plan.bos));

  if (point.setting === 'zero-shot') {
    const answers = await zero();
    if ('attentionOutputs' in answers) grid.outputs = answers.attentionOutputs;
    return { attempt: attemptOf(answers), steady: null };
  }
  if (point.setting === 'in-context') {
    const { prefixTokens } = sequencesOf(point.seed);
    const doing = `in-context, seed ${point.seed}`;
    const answers = await answer(doing, { before: 0, attentionOutputs: false }, owner =>
      inContext(owner, prefixTokens),
    );
    return { attempt: attemptOf(answers), steady: null };
  }
  const { finetuning } = sequencesOf(point.seed);
  const finetunedAt = (name: string, learningRate: number, before: number) =>
    answer(`finetuned, learning rate ${name}`, { before, attentionOutputs: true }, async owner => {
      const { projections } = await finetune(owner, finetuning, { learningRate });
      return finetuned(owner, plan.bos, projections);
    });
  const plain = await finetunedAt(`${point.learningRate}`, point.learningRate, 0);
  const attempt = attemptOf(plain);
  if (!('attentionOutputs' in plain) || refusalOfAnswers(plain.labels, gold) !== undefined) {
    return { attempt, steady: null };
  }
  const nudged = await finetunedAt(`${point.learningRate}, nudged`, point.learningRate * NUDGE, gold.length);
  if (!('attentionOutputs' in nudged)) return { attempt, steady: DIVERGED };
  grid.outputs ??= outputsOf(await zero(), model);
  return { attempt, steady: compare(plain, nudged, grid.outputs, model.decoder.layers) };
}

function attemptOf({ labels, why }: { readonly labels?: readonly number[]; readonly why?: string }): Attempt {
  return labels === undefined ? { why: why! } : { labels };
}

function outputsOf(answers: Answers | Attempt, { checkpoint }: LoadedModel): readonly Float32Array[] {
  if ('attentionOutputs' in answers) return answers.attentionOutputs;
  throw new UserError(`${checkpoint.name}: zero-shot, ${answers.why}`);
}

function compare(plain: Answers, nudged: Answers, zeroShot: readonly Float32Array[], layers: number): Steadiness {
  const rows = zeroShot.map((base, row): ComparedRow => {
    const outputs = { plain: plain.attentionOutputs[row]!, nudged: nudged.attentionOutputs[row]!, zeroShot: base };
    return { cosines: cosinesOfNudge(outputs, layers), moved: plain.labels[row] !== nudged.labels[row] };
  });
  return steadiness(rows);
}
