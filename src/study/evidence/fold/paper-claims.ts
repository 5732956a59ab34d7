/** @file The numbers of Dai et al., over all layers as in a run. */
import { scoreCosines } from '../../../metric/score-similarity.ts';
import { randomDirections, simAOUDirections } from '../../../metric/sim-aou.ts';
import {
  type Cosines,
  cosinesOf,
  joinCosines,
  similarityDifference,
  similarityTable,
} from '../../../metric/update-similarity.ts';
import { RANDOM_SEED } from '../../../run/plan.ts';
import type { ArmData, ArmRecord } from '../arm-record.ts';
import { adjustColumns, crossed, exploratory, unknown } from './estimate.ts';
import type { EvidenceEstimate, PaperClaims } from './result.ts';
import { type Found, findSeeds, scorePairs, type TaskArms, trained } from './task-arms.ts';

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

function mean(found: Three, cosines: Cosines): EvidenceEstimate {
  return exploratory(crossed(found, () => similarityTable(cosines)));
}

function difference(found: Three, one: Cosines, other: Cosines): EvidenceEstimate {
  return exploratory(crossed(found, () => similarityDifference(one, other)));
}

/** Scores in context against those of the finetuned model, and of the untouched one. */
function foldSimAM(arms: TaskArms, found: Three): PaperClaims['simAM'] {
  const [after, before] = (['F', 'Z'] as const).map(second =>
    scoreCosines(arms.scoreShape, scorePairs(found, 'I', second, 'Z'), { updates: false }),
  );
  return {
    after: mean(found, after!),
    before: mean(found, before!),
    difference: difference(found, after!, before!),
  };
}

function foldSimAOU(arms: TaskArms, found: Three): PaperClaims['simAOU'] {
  const finetuned = joinCosines(
    arms.shape,
    found.seeds.map(({ arms: { Z, I, F } }) => arms.compare(Z, I, F).normalised),
  );
  const uniform = uniformCosines(arms, found);
  return {
    finetuned: mean(found, finetuned),
    uniform: mean(found, uniform),
    difference: difference(found, finetuned, uniform),
  };
}

/** Of the in-context updates with vectors uniform on [0, 1)^D, those of a run. */
function uniformCosines({ shape, queryRows }: TaskArms, { seeds }: Three): Cosines {
  const { rows, layers, hiddenSize } = shape;
  const size = layers * hiddenSize;
  const directions = queryRows.slice(0, rows).map(row => randomDirections(hiddenSize, layers, RANDOM_SEED, row));
  const byRow = seeds.map(({ arms: { Z, I } }) =>
    directions.map((ofRow, i) => {
      const row = (arm: ArmData) => arm.attentionOutput.subarray(i * size, (i + 1) * size);
      return simAOUDirections({ zeroShot: row(Z), inContext: row(I) }, ofRow);
    }),
  );
  return cosinesOf(rows, layers, byRow, (values, row, layer) => values[row]![layer]!);
}

type Kendalls = NonNullable<ArmRecord['kendall']>;

/** Of the seeds for which it is stored. */
function foldKendall({ seeds, ...origin }: Three): PaperClaims['kendall'] {
  const found: Three = { ...origin, seeds: seeds.filter(({ arms }) => arms.F.record.kendall !== undefined) };
  if (found.seeds.length === 0) {
    const none = exploratory(unknown(origin.why ?? 'not computed'));
    return { after: none, before: none, difference: none, permutedRows: none };
  }
  const of = (name: keyof Kendalls) => {
    const stored = found.seeds.map(({ arms }) => arms.F.record.kendall![name]);
    const [rows, layers] = [stored[0]!.length, stored[0]![0]!.length];
    return cosinesOf(rows, layers, stored, (values, row, layer) => values[row]![layer]!);
  };
  const [after, before] = [of('finetuned'), of('untouched')];
  return {
    after: mean(found, after),
    before: mean(found, before),
    difference: difference(found, after, before),
    permutedRows: mean(found, of('permutedRows')),
  };
}
