import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readSafetensors, readSafetensorsHeader, type TensorRead } from '../checkpoint/sources/read-safetensors.ts';
import { type TensorToWrite, writeSafetensors } from '../checkpoint/sources/write-safetensors.ts';
import { UserError } from '../error.ts';
import { fileError } from '../files/file-bytes.ts';
import type { Numbers, Parameter } from './objective.ts';
import type { TrainerState } from './trainer.ts';

const FILE = 'state.safetensors';
const FORMAT = 'dualform.training-state/1';
const SETS = ['parameters', 'first', 'second'] as const;

/**
 * Writes a checkpoint: parameters, moments, steps done.
 *
 * @param signature of the plan
 */
export async function writeState(
  folder: string,
  signature: string,
  parameters: readonly Parameter[],
  state: TrainerState,
): Promise<void> {
  const tensors = SETS.flatMap(set =>
    parameters.map(({ name, shape }): TensorToWrite => ({ name: `${set}.${name}`, shape, data: state[set][name]! })),
  );
  await writeSafetensors(join(folder, FILE), tensors, { format: FORMAT, signature, step: String(state.step) });
}

/**
 * The last checkpoint; undefined if there is none.
 *
 * @param signatures that a checkpoint of the plan may hold: of this version or of an earlier one
 * @throws UserError when it is damaged, or of another plan
 */
export async function readState(
  folder: string,
  signatures: readonly string[],
  parameters: readonly Parameter[],
): Promise<TrainerState | undefined> {
  const file = join(folder, FILE);
  if (!existsSync(file)) return undefined;
  const { metadata } = await readSafetensorsHeader(file);
  if (metadata.get('format') !== FORMAT || !signatures.includes(metadata.get('signature') ?? '')) {
    throw new UserError(`${file}: is a checkpoint of another plan`, { remedy: 'give another `out`' });
  }
  const tensors = await readSafetensors(file);
  const [own, first, second] = SETS.map(set => numbersOf(file, set, tensors, parameters)) as [
    Numbers,
    Numbers,
    Numbers,
  ];
  return { step: Number(metadata.get('step')), parameters: own, first, second };
}

function numbersOf(
  file: string,
  set: string,
  tensors: ReadonlyMap<string, TensorRead>,
  parameters: readonly Parameter[],
): Numbers {
  return Object.fromEntries(
    parameters.map(({ name }) => {
      const data = tensors.get(`${set}.${name}`)?.data;
      if (data instanceof Float32Array) return [name, data];
      throw new UserError(`${file}: there is no ${set}.${name}`, { remedy: 'remove the folder or give another `out`' });
    }),
  );
}

/** Removes the checkpoint of a finished run. */
export async function removeState(folder: string): Promise<void> {
  const file = join(folder, FILE);
  await rm(file, { force: true }).catch(error => {
    throw fileError(file, error);
  });
}
