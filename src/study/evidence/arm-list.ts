import { type Arm, type ArmVariant, armOf, zeroShotArm } from './arm.ts';
import type { ArmGrid, SeedCount } from './presets.ts';

/**
 * All arms of a task, in the order in which they are computed: arms that share a set of
 * demonstrations, its prefix or its steps are neighbours; those of untrained models are the last,
 * one model after another.
 *
 * @param size.seeds sets of demonstrations
 * @param size.k demonstrations of a set: `shots` arms have fewer
 */
export function armList(grid: ArmGrid, { seeds, k }: { readonly seeds: number; readonly k: number }): readonly Arm[] {
  const all = Array.from({ length: seeds }, (_, d) => d + 1);
  return [zeroShotArm(), ...all.flatMap(seed => armsOfSeed(grid, seed, k)), ...untrainedArms(grid, all)];
}

/** Whether a seed, counted from 1, has an arm. */
function has(count: SeedCount, seed: number): boolean {
  return count === 'all' || seed <= count;
}

function armsOfSeed(grid: ArmGrid, seed: number, k: number): Arm[] {
  const { rates, shots } = grid;
  const inContext = (variant: ArmVariant) => armOf('in-context', seed, variant);
  const finetuned = (variant: ArmVariant) => armOf('finetuned', seed, variant);
  const pair = (variant: ArmVariant) => [inContext(variant), finetuned(variant)];
  const where = <T>(count: SeedCount, arms: () => T[]) => (has(count, seed) ? arms() : []);
  return [
    ...pair('same'),
    ...where(grid.random, () => [finetuned('random')]),
    ...where(shots.seeds, () => shots.counts.filter(count => count < k).flatMap(count => pair(`shots-${count}`))),
    ...where(grid.nudged, () => [finetuned('nudged')]),
    ...where(rates.seeds, () => rates.multiples.map(multiple => finetuned(`rate-${multiple}`))),
    ...where(grid.batch, () => [finetuned('batch')]),
    ...where(grid.layerCausal, () => [finetuned('layer-causal')]),
    ...where(grid.order, () => pair('order')),
    ...where(grid.labels, () => pair('labels')),
    ...where(grid.tokens, () => pair('tokens')),
    ...where(grid.task, () => pair('task')),
  ];
}

function untrainedArms({ untrained }: ArmGrid, seeds: readonly number[]): Arm[] {
  const { initialisations, unmatched } = untrained;
  const trained = seeds.filter(seed => has(untrained.seeds, seed));
  return Array.from({ length: initialisations }, (_, n) => n + 1).flatMap(initialisation => {
    const own = trained.filter(seed => 1 + ((seed - 1) % initialisations) === initialisation);
    if (own.length === 0) return [];
    const arms = own.flatMap(seed => [
      armOf('in-context', seed, 'same', initialisation),
      armOf('finetuned', seed, 'same', initialisation),
      ...(has(unmatched, seed) ? [armOf('finetuned', seed, 'unmatched', initialisation)] : []),
    ]);
    return [zeroShotArm(initialisation), ...arms];
  });
}
