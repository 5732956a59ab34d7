/**
 * @file The arms of the evidence study: a setting of a model on the demonstrations of a seed, or a
 * variant of them. An arm is named by its id: `Z`, `I/3/same`, `F/3/rate-0.25`, `U1:F/3/same`.
 */
import type { SettingName } from '../../setting/setting-name.ts';

/** Variants that have an in-context and a finetuned arm. */
export const pairedVariants = ['same', 'order', 'labels', 'tokens', 'task'] as const;

/** Variants of the finetuned arm alone; the in-context arm next to them is `same`. */
export const stepVariants = ['random', 'nudged', 'layer-causal', 'batch', 'unmatched'] as const;

/**
 * `same`: the demonstrations of the seed, at the rate of the task. `order`: in another order.
 * `labels`: with their labels permuted. `tokens`: with their tokens shuffled. `task`: of another
 * task. `random`: a random step as long as that of `same`. `nudged`: the rate a millionth higher.
 * `layer-causal`: layer-causal steps at a matched rate. `batch`: one step with the sum of the
 * gradients. `unmatched`: an untrained model at the rate of the task. `rate-M`: M times the rate.
 * `shots-K`: the first K demonstrations. `own-NAME`: added by
 * someone (`runOwnArm`).
 */
export type ArmVariant =
  | (typeof pairedVariants)[number]
  | (typeof stepVariants)[number]
  | `rate-${number}`
  | `shots-${number}`
  | `own-${string}`;

/** One arm of a task. */
export interface Arm {
  readonly id: string;
  readonly setting: SettingName;
  /** 0 for the trained model, else the number of the initialisation of an untrained one. */
  readonly initialisation: number;
  /** Null for zero-shot. */
  readonly seed: number | null;
  /** Null for zero-shot. */
  readonly variant: ArmVariant | null;
}

const letters = { 'zero-shot': 'Z', 'in-context': 'I', finetuned: 'F' } as const satisfies Record<SettingName, string>;

/** The zero-shot arm of a model. */
export function zeroShotArm(initialisation = 0): Arm {
  return { id: `${ofModel(initialisation)}Z`, setting: 'zero-shot', initialisation, seed: null, variant: null };
}

/** An arm with demonstrations. */
export function armOf(setting: 'in-context' | 'finetuned', seed: number, variant: ArmVariant, initialisation = 0): Arm {
  const id = `${ofModel(initialisation)}${letters[setting]}/${seed}/${variant}`;
  return { id, setting, initialisation, seed, variant };
}

function ofModel(initialisation: number): string {
  return initialisation === 0 ? '' : `U${initialisation}:`;
}

const ID = /^(?:U([1-9]\d*):)?(?:Z|([IF])\/(\d+)\/([a-z][a-z0-9.-]*))$/;

/** The arm of an id. @throws RangeError for a text that is no id */
export function readArm(id: string): Arm {
  const match = ID.exec(id);
  if (match === null) throw new RangeError(`not the id of an arm: ${id}`);
  const [, init, letter, seed, variant] = match;
  const initialisation = Number(init ?? 0);
  if (letter === undefined) return zeroShotArm(initialisation);
  return armOf(letter === 'I' ? 'in-context' : 'finetuned', Number(seed), variant as ArmVariant, initialisation);
}

/** The name of the arm's files: its id with `/` and `:` replaced by `-`. */
export function fileNameOf({ id }: Pick<Arm, 'id'>): string {
  return id.replaceAll(/[/:]/g, '-');
}
