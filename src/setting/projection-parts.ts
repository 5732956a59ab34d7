import type { Decoder, ProjectionSpec } from '../model/decoder.ts';

/** A key or value projection, its bias, or one of the two where they share a tensor. */
export interface ProjectionPart {
  /** The tensor that holds it. */
  readonly tensor: ProjectionSpec;
  /**
   * Counts the parts of a model from 0: layer by layer, its tensors in order, the key before the
   * value.
   */
  readonly index: number;
  /** Whether an element of the tensor, by its place in row-major order, belongs to the part. */
  readonly holds: (element: number) => boolean;
}

/** All key and value projections of a model, in the order of their index. */
export function projectionParts({ projections }: Pick<Decoder, 'projections'>): readonly ProjectionPart[] {
  return projections
    .flat()
    .flatMap(tensor => {
      const { fused, shape } = tensor;
      if (fused === undefined) return [{ tensor, holds: () => true }];
      // The distance of two elements that are neighbours along the axis, and the size of the axis.
      const stride = shape.slice(fused.axis + 1).reduce((product, size) => product * size, 1);
      const size = shape[fused.axis]!;
      return (['key', 'value'] as const).map(part => ({
        tensor,
        holds: (element: number) => fused.part(Math.floor(element / stride) % size) === part,
      }));
    })
    .map((part, index) => ({ ...part, index }));
}
