import { UserError } from '../error.ts';
import type { Gguf, GgufTensor } from './gguf.ts';
import { llamaFromGguf } from './gguf-llama.ts';

/** How one weight comes out of a GGUF file. */
export interface WeightPlan {
  /** Its name in a Hugging Face checkpoint. */
  readonly name: string;
  /** [out, in], or [out] of a vector. */
  readonly shape: readonly number[];
  readonly tensor: GgufTensor;
  /** Number of heads whose rows are interleaved for rotary positions and must be put back. */
  readonly interleavedHeads?: number;
}

export interface GgufModel {
  /** As Hugging Face writes it in `config.json`. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly weights: readonly WeightPlan[];
}

const ARCHITECTURES = new Map<string, (gguf: Gguf) => Promise<GgufModel>>([['llama', llamaFromGguf]]);

/**
 * What a GGUF file holds, in the terms of Hugging Face.
 *
 * @throws UserError for an architecture that is not supported, with the list of those that are.
 */
export async function ggufModel(gguf: Gguf): Promise<GgufModel> {
  const architecture = gguf.metadata.get('general.architecture');
  const read = typeof architecture === 'string' ? ARCHITECTURES.get(architecture) : undefined;
  if (read === undefined) {
    const known = [...ARCHITECTURES.keys()].join(', ');
    throw new UserError(
      `${gguf.file}: architecture ${JSON.stringify(architecture ?? null)} is not supported in GGUF files; supported: ${known}`,
    );
  }
  return read(gguf);
}

/**
 * Puts interleaved rows back: the file holds each head's rows as pairs (i, i + half) side by side, Hugging Face as two
 * halves, so row `half j + i` of a head comes from row `2 i + j`, for j in {0, 1}.
 *
 * @param rows whole heads, [heads * headRows, width]
 */
export function uninterleave(rows: Float32Array, headRows: number, width: number): Float32Array {
  const half = headRows / 2;
  const ordered = new Float32Array(rows.length);
  for (let head = 0; head < rows.length; head += headRows * width) {
    for (let j = 0; j < 2; j++) {
      for (let i = 0; i < half; i++) {
        const from = head + (2 * i + j) * width;
        ordered.set(rows.subarray(from, from + width), head + (half * j + i) * width);
      }
    }
  }
  return ordered;
}
