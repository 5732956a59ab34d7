/**
 * @file The model in the run folder, in the layout of Hugging Face, so that the folder can be given
 * as a model.
 */
import { join } from 'node:path';
import { writeSafetensors } from '../checkpoint/sources/write-safetensors.ts';
import { writeAtomically } from '../files/atomic-file.ts';
import { writeText } from '../files/run-folder.ts';
import type { Numbers, Parameter } from './objective.ts';
import type { PreparedTraining } from './prepare.ts';

/** config.json, tokenizer.json, tokenizer_config.json. @throws UserError when the disk refuses */
export async function writeModelConfig(folder: string, { config, tokenizer, plan }: PreparedTraining): Promise<void> {
  await writeText(join(folder, 'config.json'), json(config));
  const { json: bytes, endOfText } = tokenizer;
  await writeAtomically(join(folder, 'tokenizer.json'), bytes.length, handle => handle.writeFile(bytes));
  await writeText(
    join(folder, 'tokenizer_config.json'),
    json({
      tokenizer_class: 'PreTrainedTokenizerFast',
      bos_token: endOfText.text,
      eos_token: endOfText.text,
      model_max_length: plan.model.context,
      clean_up_tokenization_spaces: false,
    }),
  );
}

/** model.safetensors. @throws UserError when the disk refuses */
export function writeWeights(folder: string, parameters: readonly Parameter[], numbers: Numbers): Promise<void> {
  const tensors = parameters.map(({ name, shape }) => ({ name, shape, data: numbers[name]! }));
  // The Python tools refuse the file without it.
  return writeSafetensors(join(folder, 'model.safetensors'), tensors, { format: 'pt' });
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
