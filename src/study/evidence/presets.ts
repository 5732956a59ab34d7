/** @file The grids of `dualform evidence`: which arms, in how many seeds. */

/** Seeds that have an arm: the first ones, or all of the study. */
export type SeedCount = number | 'all';

/** Which arms a study has, beside zero-shot and `same`. 0 seeds: none. */
export interface ArmGrid {
  readonly order: SeedCount;
  readonly labels: SeedCount;
  readonly random: SeedCount;
  readonly tokens: SeedCount;
  readonly task: SeedCount;
  readonly layerCausal: SeedCount;
  readonly nudged: SeedCount;
  readonly batch: SeedCount;
  readonly rates: { readonly seeds: SeedCount; readonly multiples: readonly number[] };
  readonly shots: { readonly seeds: SeedCount; readonly counts: readonly number[] };
  /** Seed d has initialisation 1 + (d - 1) mod `initialisations`. */
  readonly untrained: {
    readonly seeds: SeedCount;
    readonly initialisations: number;
    /** Seeds that are also finetuned at the rate of the trained model. */
    readonly unmatched: SeedCount;
  };
}

export interface Preset {
  readonly tasks: readonly string[];
  readonly shots: number;
  readonly seeds: number;
  readonly rows: number;
  readonly behaviourRows: number;
  /** Whether hypotheses are tested. */
  readonly verdicts: boolean;
  readonly arms: ArmGrid;
}

const none = {
  tokens: 0,
  task: 0,
  layerCausal: 0,
  nudged: 0,
  batch: 0,
  rates: { seeds: 0, multiples: [] },
  shots: { seeds: 0, counts: [] },
  untrained: { seeds: 0, initialisations: 1, unmatched: 0 },
} as const;

export const presets = {
  /** A few minutes: no verdict, but variances to plan by. */
  quick: {
    tasks: ['sst2'],
    shots: 16,
    seeds: 4,
    rows: 32,
    behaviourRows: 32,
    verdicts: false,
    arms: { ...none, order: 'all', labels: 'all', random: 4 },
  },
  /** About an hour on two cores. */
  standard: {
    tasks: ['sst2', 'subj'],
    shots: 32,
    seeds: 16,
    rows: 32,
    behaviourRows: 96,
    verdicts: true,
    arms: {
      ...none,
      order: 'all',
      labels: 'all',
      random: 8,
      tokens: 8,
      task: 4,
      layerCausal: 4,
      nudged: 'all',
      batch: 4,
      rates: { seeds: 4, multiples: [1 / 16, 1 / 4, 4] },
      untrained: { seeds: 8, initialisations: 1, unmatched: 4 },
    },
  },
  /** A night. */
  full: {
    tasks: ['sst2', 'sst5', 'mr', 'subj'],
    shots: 32,
    seeds: 32,
    rows: 64,
    behaviourRows: 512,
    verdicts: true,
    arms: {
      order: 16,
      labels: 16,
      random: 16,
      tokens: 16,
      task: 16,
      layerCausal: 16,
      nudged: 'all',
      batch: 8,
      rates: { seeds: 8, multiples: [1 / 64, 1 / 16, 1 / 4, 1 / 2, 2, 4] },
      shots: { seeds: 8, counts: [1, 2, 4, 8, 16] },
      untrained: { seeds: 16, initialisations: 3, unmatched: 4 },
    },
  },
} as const satisfies Readonly<Record<string, Preset>>;

export type PresetName = keyof typeof presets;

export const presetNames = Object.keys(presets) as [PresetName, ...PresetName[]];

/** Groups of arms that may be left out, and with them their hypotheses. */
export const optionalArms = [
  'untrained',
  'layer-causal',
  'random',
  'tokens',
  'task',
  'rates',
  'shots',
  'batch',
  'nudged',
] as const;

export type OptionalArms = (typeof optionalArms)[number];

/** The grid without some groups. */
export function withoutArms(grid: ArmGrid, without: readonly OptionalArms[]): ArmGrid {
  const left = (name: OptionalArms, seeds: SeedCount): SeedCount => (without.includes(name) ? 0 : seeds);
  return {
    order: grid.order,
    labels: grid.labels,
    random: left('random', grid.random),
    tokens: left('tokens', grid.tokens),
    task: left('task', grid.task),
    layerCausal: left('layer-causal', grid.layerCausal),
    nudged: left('nudged', grid.nudged),
    batch: left('batch', grid.batch),
    rates: { ...grid.rates, seeds: left('rates', grid.rates.seeds) },
    shots: { ...grid.shots, seeds: left('shots', grid.shots.seeds) },
    untrained: {
      ...grid.untrained,
      seeds: left('untrained', grid.untrained.seeds),
      unmatched: left('untrained', grid.untrained.unmatched),
    },
  };
}
