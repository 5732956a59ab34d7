import { signatureOf } from '../../../run/plan.ts';
import type { EvidencePlan } from '../plan.ts';
import type { StudyData } from '../study-data.ts';
import { foldAcross, overlapOf } from './across.ts';
import { foldAllPairs } from './all-pairs.ts';
import { foldBehaviour } from './behaviour.ts';
import { foldCeiling } from './ceiling.ts';
import { type Contrast, foldContrasts } from './contrasts.ts';
import { foldCurves } from './curves.ts';
import { adjustColumns } from './estimate.ts';
import { foldGates } from './gates.ts';
import { decide, numberOf } from './hypotheses.ts';
import { foldLadder } from './ladder.ts';
import { foldPaperClaims } from './paper-claims.ts';
import { foldExplained, foldPartition } from './partition.ts';
import { foldPredictsBehaviour } from './predicts-behaviour.ts';
import type { EvidenceEstimate, EvidenceResult, TaskEvidence } from './result.ts';
import { sentenceOf, sentencesOf } from './sentences.ts';
import { foldShared, variationNumbers } from './shared.ts';
import { openArms, type TaskArms } from './task-arms.ts';

/**
 * The result of a study: a pure function of its plan and its stored arms. Tasks are folded one
 * after another. Arms that were added after registration take part, and mark what they take part
 * in as exploratory.
 *
 * @param contrasts numbers of one's own, in every task
 * @throws Error if a zero-shot arm is missing
 */
export async function foldStudy(
  { plan, registered, tasks, additions }: StudyData,
  contrasts: readonly Contrast[] = [],
): Promise<EvidenceResult> {
  const folded: FoldedTask[] = [];
  for (const task of tasks) {
    const added = additions.filter(({ kind, task: name }) => kind === 'arm' && name === task.plan.name);
    const arms = await openArms(
      task,
      added.map(({ id }) => id),
    );
    folded.push(await foldTask(arms, plan, contrasts));
  }
  const taskOf = (name: string) => folded.find(({ numbers }) => numbers.name === name)!;
  const decided = decide(
    plan.hypotheses,
    plan.hypotheses.map(({ id, task }) => taskOf(task).hypotheses.get(id)!),
  );
  const { layers, heads, hiddenSize } = plan.sizes;
  const effects = plan.statistics.smallestEffects;
  const predictions = adjustColumns(folded, ['predictsBehaviour']);
  return {
    schema: 'dualform.evidence/1',
    signature: signatureOf(plan),
    registered,
    model: { ...plan.model, layers, heads, hiddenSize },
    tasks: folded.map(({ numbers }) => ({ ...numbers, sentences: sentencesOf(decided, numbers, effects) })),
    hypotheses: decided.map(each => ({ ...each, sentence: sentenceOf(each, decided, taskOf(each.task).numbers) })),
    predictsBehaviour: {
      ...Object.fromEntries(predictions.map(({ numbers, predictsBehaviour }) => [numbers.name, predictsBehaviour])),
      exploratory: true,
    },
    seesBefore: plan.seenBefore,
  };
}

interface FoldedTask {
  readonly numbers: Omit<TaskEvidence, 'sentences'>;
  /** The number of each planned hypothesis of the task. */
  readonly hypotheses: ReadonlyMap<string, EvidenceEstimate>;
  readonly predictsBehaviour: EvidenceEstimate;
}

async function foldTask(arms: TaskArms, plan: EvidencePlan, contrasts: readonly Contrast[]): Promise<FoldedTask> {
  const { name, k, seeds, rows, behaviourRows, rate } = arms.plan;
  const pairs = await foldAllPairs(arms);
  const variations = await variationNumbers(arms);
  const numbers: FoldedTask['numbers'] = {
    ...{ name, k, seeds, rows, behaviourRows, rate },
    overlap: overlapOf(arms),
    gates: await foldGates(arms),
    ladder: await foldLadder(arms, pairs),
    ...foldAcross(arms, pairs),
    shared: await foldShared(arms, variations, plan),
    ceiling: await foldCeiling(arms),
    partition: await foldPartition(arms),
    explained: await foldExplained(arms),
    behaviour: await foldBehaviour(arms),
    curves: await foldCurves(arms, variations),
    paperClaims: await foldPaperClaims(arms),
    contrasts: await foldContrasts(arms, contrasts),
  };
  const hypotheses = new Map<string, EvidenceEstimate>();
  for (const { id, task } of plan.hypotheses) {
    if (task === name) hypotheses.set(id, await numberOf(id, arms, numbers));
  }
  return { numbers, hypotheses, predictsBehaviour: await foldPredictsBehaviour(arms) };
}
