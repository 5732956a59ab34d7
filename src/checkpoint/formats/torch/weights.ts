import { UserError } from '../../../error.ts';
import type { TensorLocation } from '../../checkpoint.ts';
import { readShardIndex } from '../shard-index.ts';
import { describePickle } from './pickle-values.ts';
import { readTorchFile, type StridedView, stateTensors, type TorchTensors } from './torch-file.ts';

/** The weights in a state dictionary, as transformers saves it in `pytorch_model.bin`. @throws UserError when the file is damaged or holds something else */
export async function readState(file: string): Promise<TorchTensors> {
  const { file: path, value } = await readTorchFile(file);
  if (value instanceof Map) return stateTensors(path, value);
  throw new UserError(`${file}: holds ${describePickle(value)}, not a state dictionary`);
}

/** The weights in all files that `pytorch_model.bin.index.json` names. @throws UserError as `readShardIndex` and `readState` */
export async function readStateIndex(indexFile: string): Promise<TorchTensors & { readonly files: readonly string[] }> {
  const { tensors, files } = await readShardIndex(indexFile, async shard => byName(await readState(shard)));
  const weights = new Map<string, TensorLocation>();
  const views = new Map<string, StridedView>();
  const others = new Map<string, string>();
  for (const [name, entry] of tensors) {
    if (typeof entry === 'string') others.set(name, entry);
    else if ('strides' in entry) views.set(name, entry);
    else weights.set(name, entry);
  }
  return { weights, views, others, files };
}

/** A weight, one whose numbers are to be put in order, or what else stands under its name. */
type Named = TensorLocation | StridedView | string;

function byName({ weights, views, others }: TorchTensors): ReadonlyMap<string, Named> {
  return new Map<string, Named>([...weights, ...views, ...others]);
}
