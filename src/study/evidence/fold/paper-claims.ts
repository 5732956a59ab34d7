/** @file The numbers of Dai et al., over all layers as in a run. */
import { scoreCosines } from '../../../metric/score-similarity.ts';
import { simAOURandom } from '../../../metric/sim-aou.ts';
import {
  type Cosines,
  cosinesOf,
  similarityDifference,
  similarityTable,
  updateCosines,
} from '../../../metric/update-similarity.ts';
import { RANDOM_SEED } from '../../../run/plan.ts';
import type { ArmRecord } from '../arm-record.ts';
import { adjustColumns, crossed, exploratory, unknown } from './estimate.ts';
import type { EvidenceEstimate, PaperClaims } from './result.ts';
import { type Found, findSeeds, outputPairs, scorePairs, type TaskArms, trained } from './task-arms.ts';

export async function foldPaperClaims(arms: TaskArms): Promise<PaperClaims> {
  const found = await findSeeds(arms, {
    Z: () => 'Z',
    I: trained('in-context', 'same'),
    F: trained('finetuned', 'same'),
  });
  const claims = { simAM: foldSimAM(arms, found), kendall: foldKendall(found), simAOU: foldSimAOU(arms, found) };
  const [simAM, kendall, simAOU] = adjustColumns(Object.values(claims), ['difference']);
  return {
    simAM: { ...claims.simAM, ...simAM },
    kendall: { ...claims.kendall, ...kendall },
    simAOU: { ...claims.simAOU, ...simAOU },
  };
}

type Three = Found<'Z' | 'I' | 'F'>;

function mean(found: Three, cosines: () => Cosines): EvidenceEstimate {
  return exploratory(crossed(found, () => similarityTable(cosines())));
}

function difference(found: Three, one: () => Cosines, other: () => Cosines): EvidenceEstimate {
  return exploratory(crossed(found, () => similarityDifference(one(), other())));
}

/** Scores in context against those of the finetuned model, and of the untouched one. */
function foldSimAM(arms: TaskArms, found: Three): PaperClaims['simAM'] {
  const of = (second: 'F' | 'Z') => () =>
    scoreCosines(arms.scoreShape, scorePairs(found, 'I', second, 'Z'), { updates: false });
  return { after: mean(found, of('F')), before: mean(found, of('Z')), difference: difference(found, of('F'), of('Z')) };
}

function foldSimAOU(arms: TaskArms, found: Three): PaperClaims['simAOU'] {
  const { shape, queryRows } = arms;
  const pairs = outputPairs(arms, found, 'I', 'F');
  const finetuned = () => updateCosines(shape, pairs, { normalised: true });
  const size = shape.layers * shape.hiddenSize;
  const uniform = () => {
    const rows = pairs.map(({ zeroShot, first }) =>
      Array.from({ length: shape.rows }, (_, i) => {
        const row = (of: Float32Array) => of.subarray(i * size, (i + 1) * size);
        const outputs = { zeroShot: row(zeroShot), inContext: row(first) };
        return simAOURandom(outputs, shape.layers, RANDOM_SEED, queryRows[i]!);
      }),
    );
    return cosinesOf(shape.rows, shape.layers, rows, (values, row, layer) => values[row]![layer]!);
  };
  return {
    finetuned: mean(found, finetuned),
    uniform: mean(found, uniform),
    difference: difference(found, finetuned, uniform),
  };
}

type Kendalls = NonNullable<ArmRecord['kendall']>;

/** Of the seeds for which it is stored. */
function foldKendall({ seeds, ...origin }: Three): PaperClaims['kendall'] {
  const found: Three = { ...origin, seeds: seeds.filter(({ arms }) => arms.F.record.kendall !== undefined) };
  if (found.seeds.length === 0) {
    const none = exploratory(unknown(origin.why ?? 'not computed'));
    return { after: none, before: none, difference: none, permutedRows: none };
  }
  const of = (name: keyof Kendalls) => () => {
    const stored = found.seeds.map(({ arms }) => arms.F.record.kendall![name]);
    const [rows, layers] = [stored[0]!.length, stored[0]![0]!.length];
    return cosinesOf(rows, layers, stored, (values, row, layer) => values[row]![layer]!);
  };
  return {
    after: mean(found, of('finetuned')),
    before: mean(found, of('untouched')),
    difference: difference(found, of('finetuned'), of('untouched')),
    permutedRows: mean(found, of('permutedRows')),
  };
}
