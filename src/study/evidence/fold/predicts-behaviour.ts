import { explainedShift } from '../../../metric/explained-shift.ts';
import { joinCosines, similarityTable } from '../../../metric/update-similarity.ts';
import { type Estimate, estimateOf } from '../../../statistics/estimate.ts';
import { meanWithInterval } from '../../../statistics/paired-t.ts';
import { spearman } from '../../../statistics/spearman.ts';
import { meanOf } from '../../means.ts';
import { armOf } from '../arm.ts';
import type { ArmData } from '../arm-record.ts';
import { sharedRows } from './answers.ts';
import { exploratory, unknown } from './estimate.ts';
import { finetunedVariants, shotsOf } from './planned-variants.ts';
import type { EvidenceEstimate } from './result.ts';
import type { TaskArms } from './task-arms.ts';

/** Fewer arms have no order to speak of. */
const LEAST_ARMS = 3;

/**
 * Whether the finetuned arms whose updates are more like those of I_d give answers that are more
 * like its answers: in each seed the rank correlation of S(I_d, b) with E_d(b) over the finetuned
 * arms b of the trained model, then the mean over seeds with t.
 */
export async function foldPredictsBehaviour(arms: TaskArms): Promise<EvidenceEstimate> {
  const { seeds, rows } = arms.plan;
  const correlations: number[] = [];
  for (let seed = 1; seed <= seeds; seed++) {
    const found = await correlationOf(arms, seed);
    if (found !== null) correlations.push(found);
  }
  const n = { seeds: correlations.length, rows };
  const spread = meanWithInterval(correlations);
  if (spread === null) {
    const why =
      correlations.length === 0
        ? `no seed has ${LEAST_ARMS} finetuned arms that differ in similarity and in their answers`
        : 'fewer than two seeds';
    return exploratory({ ...unknown(why), value: correlations[0] ?? null, n });
  }
  const { mean, error, why } = spread;
  const estimate: Estimate =
    error === 0
      ? { value: mean, low: null, high: null, error, df: null, p: null, why: why! }
      : estimateOf(mean, error, correlations.length - 1);
  const { value, low, high, df, p } = estimate;
  return exploratory({ value, low, high, error, df, n, p, ...(estimate.why !== undefined && { why: estimate.why }) });
}

async function correlationOf(arms: TaskArms, seed: number): Promise<number | null> {
  const inContext = await arms.arm(armOf('in-context', seed, 'same').id);
  if ('why' in inContext) return null;
  const shots = shotsOf(arms).map(count => `shots-${count}` as const);
  const points: { readonly S: number; readonly E: number }[] = [];
  for (const variant of [...finetunedVariants(arms, 'trained'), ...shots]) {
    const { id } = armOf('finetuned', seed, variant);
    if (!arms.ids.includes(id)) continue;
    const arm = await arms.arm(id);
    const point = 'why' in arm ? null : pointOf(arms, inContext, arm);
    if (point !== null) points.push(point);
  }
  if (points.length < LEAST_ARMS) return null;
  return spearman(
    points.map(({ S }) => S),
    points.map(({ E }) => E),
  );
}

/** S and E of one finetuned arm of a seed, on the rows that all arms have. */
function pointOf({ shape, zeroShot, compare }: TaskArms, inContext: ArmData, arm: ArmData) {
  const [y] = similarityTable(joinCosines(shape, [compare(zeroShot, inContext, arm).cosines])).table;
  const [ofZero, ofContext, other] = sharedRows(zeroShot, inContext, arm).map(rows => rows.slice(0, shape.rows));
  const { value: E } = explainedShift([{ zeroShot: ofZero!, inContext: ofContext!, other: other! }]);
  return E === null || y!.length === 0 ? null : { S: meanOf(y!), E };
}
