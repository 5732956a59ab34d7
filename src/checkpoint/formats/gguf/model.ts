import { UserError } from '../../../error.ts';
import type { GgufFile } from './families/architecture.ts';
import { ARCHITECTURES } from './families/index.ts';
import type { Gguf } from './parse-gguf.ts';
import { planWeights, type WeightPlan } from './plan.ts';
import { ggufSettings, showValue } from './settings.ts';

export interface GgufModel {
  /** As Hugging Face writes it in `config.json`. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly weights: readonly WeightPlan[];
}

/**
 * The configuration and weights of a GGUF file, in the terms of Hugging Face.
 *
 * @param readTensor reads a small tensor, such as the divisors of rotary positions
 * @throws UserError for an architecture that is not supported, with the list of those that are; for
 * a setting or tensor that is missing or cannot be represented, by its name.
 */
export async function ggufModel(gguf: Gguf, { readTensor }: Pick<GgufFile, 'readTensor'>): Promise<GgufModel> {
  const kind = gguf.metadata.get('general.type');
  if (kind !== undefined && kind !== 'model') {
    throw new UserError(
      `${gguf.file}: it holds no model but what GGUF calls ${showValue(kind)}; give the file of the model`,
    );
  }
  const name = gguf.metadata.get('general.architecture');
  const architecture = typeof name === 'string' ? ARCHITECTURES.get(name) : undefined;
  if (architecture === undefined) {
    const known = [...ARCHITECTURES.keys()].join(', ');
    throw new UserError(
      `${gguf.file}: architecture ${name === undefined ? 'null' : showValue(name)} is not supported in GGUF files; supported: ${known}`,
    );
  }
  const settings = ggufSettings(gguf, name as string);
  const { config, weights } = await architecture({ gguf, settings, readTensor });
  settings.refuseUnread();
  // Defaults of a SentencePiece vocabulary, as in llama.cpp.
  const usual: Readonly<Record<string, number>> =
    settings.raw('tokenizer.ggml.model') === 'llama' ? { bos: 1, eos: 2 } : {};
  const token = (key: string): number | null => settings.number(`tokenizer.ggml.${key}_token_id`) ?? usual[key] ?? null;
  const title = settings.text('general.name');
  return {
    config: {
      ...(title !== undefined && { _name_or_path: title }),
      ...config,
      bos_token_id: token('bos'),
      eos_token_id: token('eos'),
    },
    weights: planWeights(gguf, settings, weights),
  };
}
