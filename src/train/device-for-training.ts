import type { Device } from '../device.ts';
import type { Hooks } from '../hooks.ts';
import { agreeingDevice, type Sample } from '../run/agreeing-device.ts';
import { PAPER_ADAM } from './adam.ts';
import { initialise } from './initialise.ts';
import type { Feeds, Objective } from './objective.ts';
import { openTrainer } from './trainer.ts';

/**
 * The device that an objective is trained on; for `auto` the loss and the gradient of a first step
 * are compared with the processor.
 */
export function deviceForTraining(objective: Objective, batch: Feeds, hooks: Hooks): Promise<Device | undefined> {
  return agreeingDevice(hooks, firstStep(objective, batch));
}

/** Loss and gradient at the initial values of a seed. All gradients together: some are zero by theory. */
export function firstStep(objective: Objective, batch: Feeds): Sample {
  return async runtime => {
    const trainer = await openTrainer(runtime, objective, initialise(objective, 0), PAPER_ADAM);
    const { loss } = await trainer.take([batch], 0);
    // Adam's first moment is a multiple of the gradient.
    const { first } = await trainer.state();
    const gradient = objective.parameters.flatMap(({ name }) => Array.from(first[name]!));
    return new Map([
      ['loss', Float32Array.of(loss)],
      ['gradient', Float32Array.from(gradient)],
    ]);
  };
}
