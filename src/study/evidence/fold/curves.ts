/** @file Numbers over the rate, the number of demonstrations and the layers. */
import { unionOfMasks } from '../../../metric/arm-outputs.ts';
import { otherDemonstrations, pairSimilarity } from '../../../metric/pair-similarity.ts';
import { combineReplicated, type Replicated } from '../../../metric/replicated.ts';
import { similarityTable } from '../../../metric/update-similarity.ts';
import { medianSize } from '../../../metric/update-size.ts';
import type { ArmVariant } from '../arm.ts';
import { shiftOver } from './behaviour.ts';
import { adjustColumns, crossed, exploratory, replicated, unknown } from './estimate.ts';
import { ratesOf, shotsOf } from './planned-variants.ts';
import type { Curves } from './result.ts';
import { ofLayer, type VariationNumbers } from './shared.ts';
import { compared, comparisonsOver, cosinesOver, type FoundPair } from './similarity.ts';
import { type ArmOfSeed, findSeeds, outputsOf, type TaskArms, trained } from './task-arms.ts';

export async function foldCurves(arms: TaskArms, numbers: VariationNumbers): Promise<Curves> {
  const { rate, rateAtSize1 } = await foldRates(arms);
  return { rate, rateAtSize1, shots: await foldShots(arms), layers: await foldLayers(arms, numbers) };
}

const Z: ArmOfSeed = () => 'Z';
const I = trained('in-context', 'same');

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
  const atMultiple = (multiple: number): FoundPair => ({
    ...found,
    seeds: found.seeds.map(({ seed, arms: of }) => ({
      seed,
      arms: { Z: of.Z!, first: of.I!, second: of[nameOf(multiple)]! },
    })),
  });
  const rows = all.map(multiple => {
    const its = atMultiple(multiple);
    return {
      multiple,
      size: medianSize(comparisonsOver(arms, its).map(({ sizes }) => sizes)),
      same: crossed(its, () => similarityTable(cosinesOver(arms, its))),
      other: replicated(its, () => ofOtherSeeds(arms, its)),
      shift: shiftOver(its),
    };
  });
  return {
    rate: adjustColumns(rows, ['same', 'other', 'shift']),
    rateAtSize1: atSize1(arms, rows, found.why, atMultiple),
  };
}

function ofOtherSeeds(arms: TaskArms, found: FoundPair, mask?: Uint8Array): Replicated {
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
  atMultiple: (multiple: number) => FoundPair,
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
    const its = atMultiple(multiple);
    return { its, cosines: cosinesOver(arms, its) };
  });
  const found = sides[0]!.its;
  const mask = unionOfMasks(sides.map(({ cosines }) => cosines.mask));
  const tables = sides.map(({ cosines }) => similarityTable(cosines, { mask }));
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
          sides.map(({ its }) => ofOtherSeeds(arms, its, mask)),
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
    const its: FoundPair = {
      ...found,
      seeds: found.seeds.map(({ seed, arms: of }) => ({
        seed,
        arms: { Z: of.Z!, first: of[`I ${variant}`]!, second: of[`F ${variant}`]! },
      })),
    };
    return {
      shots,
      S: crossed(its, () => similarityTable(cosinesOver(arms, its))),
      shift: shiftOver(its),
    };
  });
  const none = unknown('without demonstrations there is no update');
  const withZero = fewer[0] === 0 ? rows : [{ shots: 0, S: none, shift: none }, ...rows];
  return adjustColumns(withZero, ['S', 'shift']);
}

/** Each layer alone. */
async function foldLayers(arms: TaskArms, numbers: VariationNumbers): Promise<Curves['layers']> {
  const found = await findSeeds(arms, { ...compared() });
  const cosines = cosinesOver(arms, found);
  const rows = Array.from({ length: arms.shape.layers }, (_, layer) => ({
    layer,
    S: crossed(found, () => similarityTable(cosines, { layer })),
    demonstrations: ofLayer(numbers.demonstrations, layer),
    labels: ofLayer(numbers.labels, layer),
    order: ofLayer(numbers.order, layer),
    query: ofLayer(numbers.query, layer),
  }));
  return adjustColumns(rows, ['S', 'demonstrations', 'labels', 'order', 'query']);
}
