import type { Hooks } from '../../hooks.ts';
import { ownMemory } from '../../runtime/node/memory.ts';
import { withRuntime } from '../../runtime/node/open-runtime.ts';
import type { MomentumPlan } from './plan.ts';
import { trainCell } from './train-cell.ts';
import type { Trainee } from './trainee.ts';

/** Steps of the model that is measured. */
const STEPS = 4;

/** Growth of both processes from model to model, before garbage is collected; measured. */
const GROWTH_BYTES = 100e6;

/**
 * What a model of a task takes at its highest, in a process of its own and its compute process
 * together. A plain model is trained for a few steps and evaluated.
 */
export async function memoryOfModel(
  trainee: Trainee,
  { adam, seeds }: MomentumPlan,
  { device, signal }: Hooks,
): Promise<number> {
  return withRuntime({ threads: 1, device, signal }, async runtime => {
    const short = { ...trainee, training: { ...trainee.training, steps: STEPS, warmUp: 0 } };
    const model = { task: trainee.task, eta: 0, seed: seeds[0]! } as const;
    await trainCell(runtime, short, model, { adam, onStep: () => signal?.throwIfAborted() });
    const { peakResidentBytes } = await runtime.usage();
    return ownMemory().residentBytes + peakResidentBytes + GROWTH_BYTES;
  });
}
