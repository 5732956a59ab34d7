import { join } from 'node:path';
import { UserError } from '../error.ts';
import type { TensorLocation } from './checkpoint.ts';
import { describePickle } from './pickle-values.ts';
import { readShardIndex } from './shard-index.ts';
import { readTorchFile, stateTensors, type TorchTensors } from './torch-file.ts';

/**
 * The weights in `pytorch_model.bin`, or in the files that `pytorch_model.bin.index.json` names, as transformers saves
 * them: a state dictionary in each. Undefined where there is neither.
 *
 * @throws UserError when a file is damaged or holds something else.
 */
export async function torchWeights(
  folder: string,
  names: readonly string[],
): Promise<(TorchTensors & { readonly files: readonly string[] }) | undefined> {
  if (names.includes('pytorch_model.bin.index.json')) {
    const { tensors, files } = await readShardIndex(join(folder, 'pytorch_model.bin.index.json'), async shard =>
      byName(await readState(shard)),
    );
    return { ...split(tensors), files };
  }
  if (!names.includes('pytorch_model.bin')) return undefined;
  const file = join(folder, 'pytorch_model.bin');
  return { ...(await readState(file)), files: [file] };
}

async function readState(file: string): Promise<TorchTensors> {
  const { file: path, value } = await readTorchFile(file);
  if (value instanceof Map) return stateTensors(path, value);
  throw new UserError(`${file}: holds ${describePickle(value)}, not a state dictionary`);
}

/** A weight, or what else stands under its name. */
type Named = TensorLocation | string;

function byName({ weights, others }: TorchTensors): ReadonlyMap<string, Named> {
  return new Map<string, Named>([...weights, ...others]);
}

function split(tensors: ReadonlyMap<string, Named>): TorchTensors {
  const weights = new Map<string, TensorLocation>();
  const others = new Map<string, string>();
  for (const [name, entry] of tensors) {
    if (typeof entry === 'string') others.set(name, entry);
    else weights.set(name, entry);
  }
  return { weights, others };
}
