import { momentumTensor } from '../../model/momentum.ts';
import { NonFiniteError } from '../../runtime/errors.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import type { AdamSettings } from '../../train/adam.ts';
import { initialise } from '../../train/initialise.ts';
import { learningRateAt } from '../../train/schedule.ts';
import { openTrainer, type Trainer } from '../../train/trainer.ts';
import { meanOf } from '../means.ts';
import type { CellRecord } from './cell-record.ts';
import { type ModelCell, nameOf } from './plan.ts';
import type { Trainee } from './trainee.ts';
import { partEnds, TRAINING_LOSS } from './training-loss.ts';

/**
 * Trains and evaluates one model. Cells of the same task and seed have the same initial weights and
 * batches: only eta differs.
 *
 * @param onStep receives the number of steps done
 */
export async function trainCell(
  runtime: Runtime,
  trainee: Trainee,
  cell: ModelCell,
  { adam, onStep }: { readonly adam: AdamSettings; readonly onStep: (done: number) => void },
): Promise<CellRecord> {
  const momentum = cell.eta === 0 ? undefined : cell.eta;
  const objective = trainee.objective(momentum);
  const trainer = await openTrainer(runtime, objective, initialise(objective, cell.seed), adam);
  const { steps } = trainee.training;
  const ends = partEnds(steps);
  const parts: number[][] = [[]];
  try {
    for (let t = 1; t <= steps; t++) {
      const { loss } = await trainer.take([trainee.batch(cell.seed, t - 1)], learningRateAt(t, trainee.training));
      parts.at(-1)!.push(loss);
      if (t === ends[parts.length - 1] && t < steps) parts.push([]);
      onStep(t);
    }
    const { measures, curves } = await trainee.measure({ trainer, runtime, momentum });
    return {
      ...cell,
      measures: { ...measures, [TRAINING_LOSS]: meanOf(parts.flat()) },
      curves: { ...curves, [TRAINING_LOSS]: parts.map(meanOf) },
      ...(momentum === 'learned' && { learned: await learnedEtas(trainer) }),
    };
  } catch (error) {
    if (!(error instanceof NonFiniteError)) throw error;
    return { ...cell, measures: null, why: `${nameOf(cell)}: ${error.message}`, curves: {} };
  } finally {
    await trainer.close();
  }
}

/** [layers][heads] */
async function learnedEtas(trainer: Trainer): Promise<number[][]> {
  const { parameters } = await trainer.state();
  const etas: number[][] = [];
  for (let layer = 0; momentumTensor(layer) in parameters; layer++) {
    etas.push(Array.from(parameters[momentumTensor(layer)]!, logit => 1 / (1 + Math.exp(-logit))));
  }
  return etas;
}
