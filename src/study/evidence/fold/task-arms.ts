/** @file The stored arms of a task, read as the parts of the fold need them. */
import type { ArmOutputs, ArmPair, OutputShape } from '../../../metric/arm-outputs.ts';
import type { ScorePair, ScoreShape } from '../../../metric/score-similarity.ts';
import { demonstrationVariation, type Variation } from '../../../metric/shared-variation.ts';
import { compareUpdates, type UpdateComparison } from '../../../metric/update-comparison.ts';
import { type ArmVariant, armOf, readArm } from '../arm.ts';
import type { ArmData, MissingArm } from '../arm-record.ts';
import type { TaskData } from '../study-data.ts';

/** Bytes of arms that are kept for the parts that follow. */
const KEPT_BYTES = 2 ** 30;

export interface TaskArms extends TaskData {
  readonly shape: OutputShape;
  readonly scoreShape: ScoreShape;
  /** The first layer that counts for attention scores. */
  readonly firstScoreLayer: number;
  /** The zero-shot arm of the trained model. */
  readonly zeroShot: ArmData;
  /** Ids of the planned arms, then of the added ones. */
  readonly ids: readonly string[];
  readonly isAdded: (id: string) => boolean;
  /** The updates of two arms from that of their model without demonstrations; computed once. */
  readonly compare: (zeroShot: ArmData, first: ArmData, second: ArmData) => UpdateComparison;
  /** The variation with the demonstrations of two arms of each seed; its products are computed once. */
  readonly variation: <Name extends string>(
    found: Found<Name>,
    first: NoInfer<Name>,
    second: NoInfer<Name>,
  ) => Variation;
}

/**
 * The arms of a task. The arms that were used last stay in memory.
 *
 * @param added ids of arms that were added after registration
 * @throws Error if the zero-shot arm is missing
 */
export async function openArms(data: TaskData, added: readonly string[]): Promise<TaskArms> {
  const arm = keepingLast(data.arm);
  const zeroShot = await arm('Z');
  if ('why' in zeroShot) throw new Error(`${data.plan.name}: no zero-shot arm: ${zeroShot.why}`);
  const { layers, heads, hiddenSize, rotary, plan } = data;
  const later = new Set(added.filter(id => !plan.arms.includes(id)));
  const shape = { rows: plan.rows, layers, hiddenSize };
  return {
    ...data,
    arm,
    shape,
    scoreShape: { layers, heads, offsets: zeroShot.offsets },
    firstScoreLayer: rotary ? 1 : 0,
    zeroShot,
    ids: [...plan.arms, ...later],
    isAdded: id => later.has(id),
    compare: comparingOnce(shape),
    variation: variationsKnown(shape, zeroShot),
  };
}

function variationsKnown(shape: OutputShape, zeroShot: ArmData): TaskArms['variation'] {
  const known = new Map<string, NonNullable<Variation['wholes']>>();
  return (found, first, second) => {
    const key = found.seeds.map(({ arms }) => `${arms[first].record.arm} ${arms[second].record.arm}`).join();
    const wholes = known.get(key) ?? new Map();
    known.set(key, wholes);
    return { ...demonstrationVariation(shape, outputPairs({ zeroShot }, found, first, second)), wholes };
  };
}

function comparingOnce(shape: OutputShape): TaskArms['compare'] {
  const known = new Map<string, UpdateComparison>();
  return (zeroShot, first, second) => {
    const key = `${first.record.arm} ${second.record.arm}`;
    const found = known.get(key) ?? compareUpdates(shape, outputPair(zeroShot, first, second));
    known.set(key, found);
    return found;
  };
}

function outputPair(zeroShot: ArmData, first: ArmData, second: ArmData): ArmPair {
  return {
    zeroShot: zeroShot.attentionOutput,
    first: first.attentionOutput,
    second: second.attentionOutput,
  };
}

function keepingLast(read: TaskData['arm']): TaskData['arm'] {
  const kept = new Map<string, ArmData | MissingArm>();
  let bytes = 0;
  return async id => {
    const found = kept.get(id) ?? (await read(id));
    bytes += kept.delete(id) ? 0 : bytesOf(found);
    kept.set(id, found);
    for (const [oldest, arm] of kept) {
      if (bytes <= KEPT_BYTES || oldest === id) break;
      kept.delete(oldest);
      bytes -= bytesOf(arm);
    }
    return found;
  };
}

function bytesOf(arm: ArmData | MissingArm): number {
  return 'why' in arm ? 0 : arm.attentionOutput.byteLength + arm.scores.byteLength;
}

/** The arms of a seed that a number reads. */
interface SeedArms<Name extends string> {
  readonly seed: number;
  readonly arms: Readonly<Record<Name, ArmData>>;
}

/** The seeds that have every arm of a number. */
export interface Found<Name extends string> {
  readonly seeds: readonly SeedArms<Name>[];
  /** Which planned seeds are left out, and why; absent where none is. */
  readonly why?: string;
  /** Whether an arm was added after registration. */
  readonly added: boolean;
}

/** The id of an arm of a seed; undefined where there is none. */
export type ArmOfSeed = (seed: number) => string | undefined;

/** An arm of the trained model. @param variant one of the plan, or an added one */
export function trained(setting: 'in-context' | 'finetuned', variant: string): ArmOfSeed {
  return seed => armOf(setting, seed, variant as ArmVariant).id;
}

/** An arm of the untrained model of the seed. */
export function untrained(
  { ids }: Pick<TaskArms, 'ids'>,
  setting: 'in-context' | 'finetuned',
  variant: ArmVariant,
): ArmOfSeed {
  const arms = ids.map(readArm);
  return seed =>
    arms.find(arm => arm.initialisation > 0 && arm.seed === seed && arm.setting === setting && arm.variant === variant)
      ?.id;
}

/** The zero-shot arm of the untrained model of the seed. */
export function untrainedZeroShot(arms: Pick<TaskArms, 'ids'>): ArmOfSeed {
  const inContext = untrained(arms, 'in-context', 'same');
  return seed => {
    const id = inContext(seed);
    return id === undefined ? undefined : `U${readArm(id).initialisation}:Z`;
  };
}

/**
 * The arms of the seeds that have all of them. A seed for which one is not planned is left out in
 * silence, one for which an arm could not be computed with its reason.
 */
export async function findSeeds<Name extends string>(
  arms: TaskArms,
  needs: Readonly<Record<Name, ArmOfSeed>>,
): Promise<Found<Name>> {
  const known = new Set(arms.ids);
  const names = Object.keys(needs) as Name[];
  const seeds: SeedArms<Name>[] = [];
  const lost: string[] = [];
  let added = false;
  for (let seed = 1; seed <= arms.plan.seeds; seed++) {
    const ids = names.map(name => needs[name](seed));
    if (ids.some(id => id === undefined || !known.has(id))) continue;
    added ||= ids.some(id => arms.isAdded(id!));
    const found: ArmData[] = [];
    for (const id of ids) {
      const arm = await arms.arm(id!);
      if ('why' in arm) {
        lost.push(`without seed ${seed}, as ${id} is missing: ${arm.why}`);
        break;
      }
      found.push(arm);
    }
    if (found.length < names.length) continue;
    seeds.push({ seed, arms: Object.fromEntries(names.map((name, at) => [name, found[at]])) as Record<Name, ArmData> });
  }
  const why = lost.length > 0 ? lost.join('; ') : seeds.length === 0 ? 'the plan has no such arms' : undefined;
  return { seeds, added, ...(why !== undefined && { why }) };
}

/** The outputs of two arms of each seed, with those of the zero-shot arm of their model. */
export function outputPairs<Name extends string>(
  { zeroShot }: Pick<TaskArms, 'zeroShot'>,
  { seeds }: Found<Name>,
  first: NoInfer<Name>,
  second: NoInfer<Name>,
  base?: NoInfer<Name>,
): readonly ArmPair[] {
  return seeds.map(({ arms }) => outputPair(base === undefined ? zeroShot : arms[base], arms[first], arms[second]));
}

/** The attention scores of two arms of each seed, with those of the zero-shot arm. */
export function scorePairs<Name extends string>(
  { seeds }: Found<Name>,
  first: NoInfer<Name>,
  second: NoInfer<Name>,
  base: NoInfer<Name>,
): readonly ScorePair[] {
  return seeds.map(({ arms }) => ({
    zeroShot: arms[base].scores,
    first: arms[first].scores,
    second: arms[second].scores,
  }));
}

export function outputsOf<Name extends string>({ seeds }: Found<Name>, name: NoInfer<Name>): readonly ArmOutputs[] {
  return seeds.map(({ arms }) => arms[name].attentionOutput);
}
