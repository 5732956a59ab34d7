import type { Checkpoint, TensorLocation } from '../../checkpoint/checkpoint.ts';
import type { Decoder } from '../../model/decoder.ts';

/**
 * The places of the weights that a run maps from files: all but the key and value projections.
 */
export function mappedPlaces(
  { tensors }: Pick<Checkpoint, 'tensors'>,
  decoder: Pick<Decoder, 'tensors' | 'projections'>,
): readonly TensorLocation[] {
  const changing = new Set(decoder.projections.flat().map(({ name }) => name));
  return decoder.tensors.filter(({ name }) => !changing.has(name)).map(({ name }) => tensors.get(name)!);
}

/** Their size as stored. */
export function mappedBytes(places: readonly TensorLocation[]): number {
  return places.reduce((sum, { length }) => sum + length, 0);
}
