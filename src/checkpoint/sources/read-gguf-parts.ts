import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { UserError } from '../../error.ts';
import type { Gguf, GgufTensor } from '../formats/gguf/parse-gguf.ts';
import { readGguf } from './read-gguf.ts';

// File names as gguf-split of llama.cpp writes them.
const PART = /^(.*)-(\d{5})-of-(\d{5})\.gguf$/;

/** A model in one GGUF file or several. */
export interface GgufParts extends Gguf {
  /** All files of the model, the one with its settings first. */
  readonly files: readonly string[];
}

/**
 * The header of a GGUF model in one file, or in several, of which any may be given. Settings come
 * from the first part, tensors from all.
 *
 * @param options as for `readGguf`, for the first part
 * @throws UserError when a part is missing or belongs to another model, or a file is damaged.
 */
export function readGgufParts(file: string, options: { readonly vocabulary?: boolean } = {}): GgufParts {
  const given = readGguf(file, options);
  const count = splitCount(given);
  if (count === 1) return { ...given, files: [given.file] };
  const names = partNames(file, count);
  const parts = names.map((name, i) => {
    if (!existsSync(name))
      throw new UserError(`${name}: part ${i + 1} of ${count} of the model is missing; fetch it too`);
    return checkedPart(readGguf(name, i === 0 ? options : { vocabulary: false }), i, count);
  });
  const tensors = new Map<string, GgufTensor>();
  for (const part of parts) {
    for (const [name, tensor] of part.tensors) {
      if (tensors.has(name))
        throw new UserError(`${part.file}: tensor ${name} is in an earlier part too; fetch the parts again`);
      tensors.set(name, tensor);
    }
  }
  const first = parts[0]!;
  const announced = first.metadata.get('split.tensors.count');
  if (announced !== undefined && announced !== tensors.size) {
    throw new UserError(
      `${first.file}: ${String(announced)} tensors are announced, its ${count} parts have ${tensors.size}; fetch them again`,
    );
  }
  return { ...first, tensors, files: parts.map(part => part.file) };
}

function splitCount({ file, metadata }: Gguf): number {
  const count = metadata.get('split.count') ?? 1;
  if (typeof count === 'number' && Number.isInteger(count) && count >= 0 && count < 100_000) return Math.max(1, count);
  throw new UserError(`${file}: split.count is ${String(count)}, which is no number of parts`);
}

function partNames(file: string, count: number): string[] {
  const [, stem, , last] = PART.exec(basename(file)) ?? [];
  if (stem === undefined || Number(last) !== count) {
    const ending = `-00001-of-${String(count).padStart(5, '0')}.gguf`;
    throw new UserError(
      `${file}: it is one of ${count} parts of a model; their names must end in ${ending} and so on, so that the others are found`,
    );
  }
  const name = (i: number) => `${stem}-${String(i + 1).padStart(5, '0')}-of-${last}.gguf`;
  return Array.from({ length: count }, (_, i) => join(dirname(file), name(i)));
}

function checkedPart(part: Gguf, i: number, count: number): Gguf {
  const [number, of] = [part.metadata.get('split.no'), part.metadata.get('split.count')];
  if (number === i && of === count) return part;
  throw new UserError(
    `${part.file}: by its name it is part ${i + 1} of ${count}, by its content part ${Number(number) + 1} of ${String(of)}; fetch it again`,
  );
}
