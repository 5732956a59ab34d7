import { UserError } from '../../error.ts';
import { type Arm, readArm } from './arm.ts';
import type { TaskFolder } from './task-folder.ts';

const LARGEST_SHARE = 1 / 4;

/**
 * Stops a study whose rates diverge. The random step of a seed diverges with the seed.
 *
 * @throws UserError when more than a quarter of the seeds of a finetuned variant diverged
 */
export async function refuseDiverged({ sequences, store }: TaskFolder): Promise<void> {
  const { name, arms, rate } = sequences.plan;
  const missing = new Set(await store.missing());
  const kinds = new Map<string, Arm[]>();
  for (const arm of arms.map(readArm)) {
    if (arm.setting !== 'finetuned') continue;
    const kind = `${arm.initialisation} ${arm.variant}`;
    kinds.set(kind, [...(kinds.get(kind) ?? []), arm]);
  }
  for (const ofKind of kinds.values()) {
    // A set without such a variant did not diverge.
    const diverged = ofKind.filter(({ id, seed, variant }) => {
      return missing.has(id) && sequences.setOf(seed!, variant!).set !== null;
    });
    if (diverged.length <= LARGEST_SHARE * ofKind.length) continue;
    throw tooMany(name, rate, diverged, ofKind.length);
  }
}

function tooMany(task: string, rate: number, diverged: readonly Arm[], seeds: number): UserError {
  const { variant, initialisation } = diverged[0]!;
  const model = initialisation === 0 ? '' : ` of untrained model ${initialisation}`;
  return new UserError(
    `task ${task}: finetuning diverged in ${diverged.length} of the ${seeds} seeds of ${variant}${model}, ` +
      'more than a quarter; the study stops',
    { option: 'learningRate', value: rate, remedy: 'give a lower one, and another `out`' },
  );
}
