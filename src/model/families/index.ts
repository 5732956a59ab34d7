import { UserError } from '../../error.ts';
import type { Decoder, Family } from '../decoder.ts';
import { gptNeo } from './gpt-neo.ts';
import { gptNeoX } from './gpt-neox.ts';
import { gpt2 } from './gpt2.ts';
import { llama } from './llama.ts';
import { mistral } from './mistral.ts';
import { opt } from './opt.ts';
import { qwen2 } from './qwen2.ts';
import { qwen3 } from './qwen3.ts';
import { fairseqGpt, xglm } from './xglm.ts';

/** Decoder families by the `model_type` of their configuration. */
export const families: Readonly<Record<string, Family>> = {
  fairseq_gpt: fairseqGpt,
  gpt2,
  gpt_neo: gptNeo,
  gpt_neox: gptNeoX,
  llama,
  mistral,
  opt,
  qwen2,
  qwen3,
  xglm,
};

/** The decoder that a checkpoint's configuration describes. @throws UserError for a family that is not supported, with those that are */
export function readDecoder(config: Readonly<Record<string, unknown>>, source: string): Decoder {
  const type = config.model_type;
  const family = typeof type === 'string' && Object.hasOwn(families, type) ? families[type] : undefined;
  if (family === undefined) {
    const supported = Object.keys(families).join(', ');
    throw new UserError(`${source}: models of family '${type}' are not supported; supported are ${supported}`);
  }
  return family(config, source);
}
