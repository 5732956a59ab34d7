/**
 * @file A study whose truth is known: the outputs of every arm are drawn as
 *
 *     h_I = h_Z + g + A (w + t + y + o) + q + noise
 *     h_F = h_Z + g' + A (a w + b t + c y + e o) + f q + noise
 *
 * with the words w, the texts t, the labels y and the order o of a set of demonstrations, a map A of
 * each layer, and q of each row. A variant of the demonstrations replaces what it changes.
 */

import { fillNormal, randomStream, uniform } from '../../src/statistics/random.ts';
import { type Arm, readArm } from '../../src/study/evidence/arm.ts';
import { armList } from '../../src/study/evidence/arm-list.ts';
import type { ArmRecord } from '../../src/study/evidence/arm-record.ts';
import { hypothesesOf, STATISTICS } from '../../src/study/evidence/hypotheses.ts';
import type { ArmData, EvidencePlan, StudyData, TaskData, TaskPlan } from '../../src/study/evidence/index.ts';
import type { ArmGrid } from '../../src/study/evidence/presets.ts';

/** How finetuning answers each part of the demonstrations, against in-context learning. */
export interface Plant {
  readonly words: number;
  readonly texts: number;
  readonly labels: number;
  readonly order: number;
  readonly query: number;
  /** Agreement of the answers beyond chance. */
  readonly kappa: number;
  /** How far the updates of an untrained model are those of the trained one. */
  readonly untrained: number;
  /** How far layer-causal steps go from F to I. */
  readonly layerCausal: number;
}

export const alike: Plant = {
  words: 0.8,
  texts: 0.8,
  labels: 0.8,
  order: 0.8,
  query: 0.8,
  kappa: 0.8,
  untrained: 0,
  layerCausal: 0.5,
};

export const unrelated: Plant = {
  words: 0,
  texts: 0,
  labels: 0,
  order: 0,
  query: 0,
  kappa: 0,
  untrained: 1,
  layerCausal: 0,
};

export interface Sizes {
  readonly seeds: number;
  readonly rows: number;
  readonly behaviourRows: number;
  readonly layers: number;
  readonly heads: number;
  readonly hiddenSize: number;
}

export const small: Sizes = { seeds: 8, rows: 8, behaviourRows: 24, layers: 3, heads: 2, hiddenSize: 24 };

/** Every arm of every seed. */
export const everyArm: ArmGrid = {
  order: 'all',
  labels: 'all',
  random: 'all',
  tokens: 'all',
  task: 'all',
  layerCausal: 'all',
  nudged: 'all',
  batch: 'all',
  rates: { seeds: 'all', multiples: [1 / 4, 4] },
  shots: { seeds: 'all', counts: [1, 2] },
  untrained: { seeds: 'all', initialisations: 2, unmatched: 4 },
};

const K = 4;
const DIRECTIONS = 12;
const NOISE = 0.5;

type Latents = Readonly<Record<'words' | 'texts' | 'labels' | 'order', Float64Array>>;

/** A task of a synthetic study, and what else its arms hold than outputs and scores. */
export interface SyntheticTask extends TaskData {
  readonly recordOf: (arm: Arm) => ArmRecord;
}

/** The arms of a task of a synthetic study. @param path of the random numbers */
export function syntheticTask(
  name: string,
  plant: Plant,
  path: readonly number[],
  sizes: Sizes = small,
  grid: ArmGrid = everyArm,
): SyntheticTask {
  const { seeds, rows, behaviourRows, layers, heads, hiddenSize: D } = sizes;
  const size = rows * layers * D;
  const streamOf = (...more: number[]) => randomStream(55, ...path, ...more);
  const normal = (count: number, ...more: number[]) => fillNormal(streamOf(...more), new Float64Array(count));
  const arms = armList(grid, { seeds, k: K });
  const plan: TaskPlan = {
    name,
    digest: '',
    template: 'paper',
    labels: [' no', ' yes'],
    k: K,
    shotsAsked: K,
    seeds,
    rows,
    behaviourRows,
    rate: 0.01,
    otherTask: null,
    arms: arms.map(({ id }) => id),
  };
  const gold = Array.from({ length: behaviourRows }, (_, i) => i % 2);
  const offsets = Array.from({ length: rows + 1 }, (_, i) => 4 * i + (i % 2));
  /** A vector of each layer, the same in all rows. */
  const constant = (...more: number[]) => {
    const ofRow = normal(layers * D, ...more);
    return Float64Array.from({ length: size }, (_, at) => ofRow[at % ofRow.length]!);
  };
  const drawn = new Map<number, Float64Array>();
  /** Drawn when an arm needs them. */
  const once = (count: number, purpose: number) => {
    const numbers = drawn.get(purpose) ?? normal(count, purpose);
    drawn.set(purpose, numbers);
    return numbers;
  };

  const latentsOf = (seed: number, variant: string): Latents => {
    const of = (purpose: number, changed: boolean) => normal(DIRECTIONS, 3, seed, purpose, changed ? 1 : 0);
    const all = variant === 'task';
    return {
      words: of(1, all),
      texts: of(2, all || variant === 'tokens'),
      labels: of(3, all || variant === 'labels'),
      order: of(4, all || variant === 'order'),
    };
  };
  /** A x at every row, layer and place; the same in all rows. */
  const mapped = (latents: Latents, factors: Readonly<Record<keyof Latents, number>>) => {
    const x = Array.from({ length: DIRECTIONS }, (_, j) =>
      Object.entries(factors).reduce((sum, [part, factor]) => sum + factor * latents[part as keyof Latents][j]!, 0),
    );
    const maps = once(layers * D * DIRECTIONS, 1);
    return Float64Array.from({ length: size }, (_, at) =>
      x.reduce(
        (sum, value, j) => sum + (value * maps[(at % (layers * D)) * DIRECTIONS + j]!) / Math.sqrt(DIRECTIONS),
        0,
      ),
    );
  };

  const outputsOf = ({ setting, seed, variant, initialisation }: Arm, index: number): Float32Array => {
    const zeroShot = normal(size, 4, initialisation);
    if (setting === 'zero-shot') return Float32Array.from(zeroShot);
    const noise = normal(size, 5, index);
    const generic = constant(6, initialisation);
    const query = once(size, 2);
    const inContext = () => {
      const moved = mapped(latentsOf(seed!, variant!), { words: 1, texts: 1, labels: 1, order: 1 });
      return zeroShot.map((z, at) => 0.8 * z + generic[at]! + moved[at]! + query[at]! + NOISE * noise[at]!);
    };
    if (setting === 'in-context') return Float32Array.from(inContext());
    if (variant === 'random') return Float32Array.from(zeroShot, (z, at) => z + noise[at]!);
    const own = constant(7, initialisation);
    const related = initialisation === 0 ? 1 : plant.untrained;
    const factors = { words: plant.words, texts: plant.texts, labels: plant.labels, order: plant.order };
    const moved = mapped(latentsOf(seed!, variant!), variant === 'batch' ? { ...factors, order: 0 } : factors);
    // The nudge and the rate change the size of the update of `same`, and nothing else.
    const same = normal(size, 5, plan.arms.indexOf(`F/${seed}/same`));
    const its = variant === 'nudged' || variant!.startsWith('rate-') ? same : noise;
    const scale = variant!.startsWith('rate-') ? Number(variant!.slice('rate-'.length)) : 1;
    const update = zeroShot.map(
      (z, at) =>
        related * (0.5 * generic[at]! + moved[at]! + plant.query * query[at]! - 0.1 * z) + own[at]! + NOISE * its[at]!,
    );
    const nearer = variant === 'layer-causal' ? plant.layerCausal : 0;
    const target = nearer === 0 ? zeroShot : inContext();
    return Float32Array.from(
      zeroShot,
      (z, at) => z + scale * ((1 - nearer) * update[at]! + nearer * (target[at]! - z)),
    );
  };

  /** Answers that agree beyond chance by `kappa` among the rows that zero-shot gets wrong. */
  const logProbabilitiesOf = ({ setting, seed, variant, initialisation }: Arm): number[][] => {
    const stored = initialisation === 0 && (setting === 'zero-shot' || variant === 'same' || variant === 'nudged');
    return gold.slice(0, stored && variant !== 'nudged' ? behaviourRows : rows).map((label, i) => {
      const wrongOfZero = i % 4 < 2;
      const draws = streamOf(8, seed ?? 0, i, initialisation);
      const [one, other, shared] = [uniform(draws), uniform(draws), uniform(draws)];
      const inContext = one < 0.85;
      const finetuned = shared < plant.kappa ? inContext : other < 0.5;
      const right = { 'zero-shot': !wrongOfZero, 'in-context': inContext, finetuned }[setting];
      const changed = ['same', 'nudged', null].includes(variant)
        ? 0
        : 0.2 * uniform(streamOf(9, seed!, i, variant!.length));
      const certain = 0.3 + uniform(streamOf(10, i)) - changed;
      const answer = right ? label : 1 - label;
      return [0, 1].map(c => (c === answer ? 0 : -certain) - 1);
    });
  };

  const kendallOf = (index: number): NonNullable<ArmRecord['kendall']> => {
    const values = (purpose: number) =>
      Array.from({ length: rows }, (_, i) => [...normal(layers, 11, index, purpose, i).map(x => 0.1 * x)]);
    return { finetuned: values(1), untouched: values(2), permutedRows: values(3) };
  };

  const recordOf = (arm: Arm): ArmRecord => {
    const finetuned = arm.setting === 'finetuned';
    const isMain = finetuned && arm.variant === 'same' && arm.initialisation === 0;
    return {
      arm: arm.id,
      setting: arm.setting,
      model: arm.initialisation === 0 ? 'trained' : `untrained-${arm.initialisation}`,
      seed: arm.seed,
      variant: arm.variant,
      learningRate: finetuned ? plan.rate : null,
      losses: finetuned ? Array(K).fill(3) : [],
      step: finetuned ? { norm: 1 } : null,
      ...(isMain && {
        heldOut: { before: Array(16).fill(3), after: Array(16).fill(2.5) },
        kendall: kendallOf(plan.arms.indexOf(arm.id)),
      }),
      logProbabilities: logProbabilitiesOf(arm),
      seconds: 1,
    };
  };
  const armOf = (arm: Arm): ArmData => {
    const index = plan.arms.indexOf(arm.id);
    return {
      record: recordOf(arm),
      attentionOutput: outputsOf(arm, index),
      scores: fillNormal(streamOf(12, index), new Float32Array(offsets.at(-1)! * layers * heads)),
      offsets,
    };
  };
  const made = new Map<string, ArmData>();
  return {
    plan,
    layers,
    heads,
    hiddenSize: D,
    rotary: true,
    queryRows: gold.map((_, i) => 100 + i),
    gold,
    demonstrations: Array.from({ length: seeds }, (_, d) => [d, d + 1, d + 2, d + 3]),
    recordOf,
    arm: id => {
      const arm = made.get(id) ?? armOf(readArm(id));
      made.set(id, arm);
      return Promise.resolve(arm);
    },
  };
}

/** A study of such tasks. */
export function studyOf(tasks: readonly TaskData[]): StudyData {
  const { layers, heads, hiddenSize, rotary } = tasks[0]!;
  const plan: EvidencePlan = {
    schema: 'dualform.evidence-plan/1',
    preset: 'standard',
    model: { name: 'synthetic', digest: '', configuration: '', tokenizer: '' },
    sizes: { layers, heads, hiddenSize, rotary },
    bos: 0,
    separator: [],
    tap: 'prompt-end',
    batchSize: 8,
    streams: 7001,
    tasks: tasks.map(task => task.plan),
    hypotheses: tasks.flatMap(task => hypothesesOf(task.plan.name, task.plan.arms)),
    statistics: STATISTICS,
    seenBefore: ['nothing'],
    pilot: null,
  };
  return { plan, registered: 'a'.repeat(64), tasks, additions: [] };
}

export function syntheticStudy(plant: Plant, path: readonly number[], sizes: Sizes = small, grid: ArmGrid = everyArm) {
  return studyOf([syntheticTask('sst2', plant, path, sizes, grid)]);
}
