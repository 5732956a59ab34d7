/** @file Numbers over the rate, the number of demonstrations and the layers. */
import { unionOfMasks } from '../../../metric/arm-outputs.ts';
import { otherDemonstrations, pairSimilarity } from '../../../metric/pair-similarity.ts';
import { updateMask } from '../../../metric/partition.ts';
import { combineReplicated, type Replicated } from '../../../metric/replicated.ts';
import {
  changeVariation,
  demonstrationVariation,
  queryVariation,
  sharedVariation,
  type Variation,
} from '../../../metric/shared-variation.ts';
import { similarityTable, updateCosines } from '../../../metric/update-similarity.ts';
import { updateSize } from '../../../metric/update-size.ts';
import type { ArmVariant } from '../arm.ts';
import { shiftOver } from './behaviour.ts';
import { adjustColumns, crossed, exploratory, replicated, unknown } from './estimate.ts';
import { ratesOf, shotsOf } from './planned-variants.ts';
import type { Curves, EvidenceEstimate } from './result.ts';
import { type ArmOfSeed, type Found, findSeeds, outputPairs, outputsOf, type TaskArms, trained } from './task-arms.ts';

export async function foldCurves(arms: TaskArms): Promise<Curves> {
  const { rate, rateAtSize1 } = await foldRates(arms);
  return { rate, rateAtSize1, shots: await foldShots(arms), layers: await foldLayers(arms) };
}

const Z: ArmOfSeed = () => 'Z';
const I = trained('in-context', 'same');
const F = trained('finetuned', 'same');

type RateArms = Found<'Z' | 'first' | 'second'>;

/** Over the seeds that have every multiple of the rate. */
async function foldRates(arms: TaskArms): Promise<Pick<Curves, 'rate' | 'rateAtSize1'>> {
  const multiples = ratesOf(arms);
  if (multiples.length === 0) {
    const none = exploratory(unknown('the plan has no other rates'));
    return { rate: [], rateAtSize1: { same: none, other: none } };
  }
  const all = [...multiples, 1].sort((a, b) => a - b);
  const nameOf = (multiple: number): ArmVariant => (multiple === 1 ? 'same' : `rate-${multiple}`);
  const found = await findSeeds<string>(arms, {
    Z,
    I,
    ...Object.fromEntries(all.map(multiple => [nameOf(multiple), trained('finetuned', nameOf(multiple))])),
  });
  const atMultiple = (multiple: number): RateArms => ({
    ...found,
    seeds: found.seeds.map(({ seed, arms: of }) => ({
      seed,
      arms: { Z: of.Z!, first: of.I!, second: of[nameOf(multiple)]! },
    })),
  });
  const rows = all.map(multiple => {
    const its = atMultiple(multiple);
    const pairs = outputPairs(arms, its, 'first', 'second');
    return {
      multiple,
      size: updateSize(arms.shape, pairs),
      same: crossed(its, () => similarityTable(updateCosines(arms.shape, pairs))),
      other: replicated(its, () => ofOtherSeeds(arms, its)),
      shift: shiftOver(its),
    };
  });
  return {
    rate: adjustColumns(rows, ['same', 'other', 'shift']),
    rateAtSize1: atSize1(arms, rows, found.why, atMultiple),
  };
}

function ofOtherSeeds(arms: TaskArms, found: RateArms, mask?: Uint8Array): Replicated {
  const [first, second] = [outputsOf(found, 'first'), outputsOf(found, 'second')];
  return otherDemonstrations(
    pairSimilarity(arms.shape, arms.zeroShot.attentionOutput, first, second, mask === undefined ? {} : { mask }),
  );
}

/** S where the finetuned updates are as long as the in-context ones, between two multiples. */
function atSize1(
  arms: TaskArms,
  rows: readonly { readonly multiple: number; readonly size: number | null }[],
  why: string | undefined,
  atMultiple: (multiple: number) => RateArms,
): Curves['rateAtSize1'] {
  const upper = rows.findIndex(({ size }, at) => at > 0 && size !== null && size >= 1 && isBelow(rows[at - 1]!.size));
  if (upper < 0) {
    const none = exploratory(unknown(why ?? 'rho is 1 between no two multiples of the rate'));
    return { same: none, other: none };
  }
  const [below, above] = [rows[upper - 1]!, rows[upper]!];
  const share = -Math.log(below.size!) / (Math.log(above.size!) - Math.log(below.size!));
  const between = (a: number, b: number) => (1 - share) * a + share * b;
  const sides = [below, above].map(({ multiple }) => {
    const found = atMultiple(multiple);
    return { found, pairs: outputPairs(arms, found, 'first', 'second') };
  });
  const { found } = sides[0]!;
  const mask = unionOfMasks(sides.map(({ pairs }) => updateMask(arms.shape, pairs)));
  const tables = sides.map(({ pairs }) => similarityTable(updateCosines(arms.shape, pairs), { mask }));
  return {
    same: exploratory(
      crossed(found, () => ({
        ...tables[0]!,
        table: tables[0]!.table.map((row, d) => row.map((y, i) => between(y, tables[1]!.table[d]![i]!))),
      })),
    ),
    other: exploratory(
      replicated(found, () =>
        combineReplicated(
          sides.map(side => ofOtherSeeds(arms, side.found, mask)),
          ([a, b]) => between(a!, b!),
          'one of the two is undefined',
        ),
      ),
    ),
  };
}

function isBelow(size: number | null): boolean {
  return size !== null && size < 1;
}

/** Over the seeds that have every number of shots; 0 shots are zero-shot. */
async function foldShots(arms: TaskArms): Promise<Curves['shots']> {
  const fewer = shotsOf(arms);
  if (fewer.length === 0) return [];
  const all: readonly { readonly shots: number; readonly variant: ArmVariant }[] = [
    ...fewer.map(shots => ({ shots, variant: `shots-${shots}` as const })),
    { shots: arms.plan.k, variant: 'same' },
  ];
  const found = await findSeeds<string>(arms, {
    Z,
    ...Object.fromEntries(
      all.flatMap(({ variant }) => [
        [`I ${variant}`, trained('in-context', variant)],
        [`F ${variant}`, trained('finetuned', variant)],
      ]),
    ),
  });
  const rows = all.map(({ shots, variant }) => {
    const its: RateArms = {
      ...found,
      seeds: found.seeds.map(({ seed, arms: of }) => ({
        seed,
        arms: { Z: of.Z!, first: of[`I ${variant}`]!, second: of[`F ${variant}`]! },
      })),
    };
    const pairs = outputPairs(arms, its, 'first', 'second');
    return {
      shots,
      S: crossed(its, () => similarityTable(updateCosines(arms.shape, pairs))),
      shift: shiftOver(its),
    };
  });
  const none = unknown('without demonstrations there is no update');
  const withZero = fewer[0] === 0 ? rows : [{ shots: 0, S: none, shift: none }, ...rows];
  return adjustColumns(withZero, ['S', 'shift']);
}

/** Each layer alone. */
async function foldLayers(arms: TaskArms): Promise<Curves['layers']> {
  const { layers: L } = arms.shape;
  const layers = Array.from({ length: L }, (_, layer) => layer);
  const found = await findSeeds(arms, { I, F });
  const pairs = outputPairs(arms, found, 'I', 'F');
  const cosines = updateCosines(arms.shape, pairs);
  const demonstrations = byLayer(found, L, () => demonstrationVariation(arms.shape, pairs));
  const query = byLayer(found, L, () => queryVariation(arms.shape, pairs));
  const labels = await changeByLayer(arms, 'labels');
  const order = await changeByLayer(arms, 'order');
  const rows = layers.map(layer => ({
    layer,
    S: crossed(found, () => similarityTable(cosines, { layer })),
    demonstrations: demonstrations[layer]!,
    labels: labels[layer]!,
    order: order[layer]!,
    query: query[layer]!,
  }));
  return adjustColumns(rows, ['S', 'demonstrations', 'labels', 'order', 'query']);
}

async function changeByLayer(arms: TaskArms, variant: ArmVariant): Promise<readonly EvidenceEstimate[]> {
  const found = await findSeeds(arms, {
    I,
    F,
    otherI: trained('in-context', variant),
    otherF: trained('finetuned', variant),
  });
  return byLayer(found, arms.shape.layers, () =>
    changeVariation(arms.shape, outputPairs(arms, found, 'I', 'F'), outputPairs(arms, found, 'otherI', 'otherF')),
  );
}

function byLayer(found: Found<never>, layers: number, variation: () => Variation): readonly EvidenceEstimate[] {
  const numbers = found.seeds.length === 0 ? [] : sharedVariation(variation()).layers;
  return Array.from({ length: layers }, (_, layer) => replicated(found, () => numbers[layer]!));
}
