import { UserError } from '../../error.ts';
import type { Decoder, Family } from '../decoder.ts';
import { baseFamily, withMomentum } from '../momentum.ts';
import { bloom } from './bloom.ts';
import { gemma } from './gemma.ts';
import { gemma2 } from './gemma2.ts';
import { gemma3 } from './gemma3.ts';
import { gptNeo } from './gpt-neo.ts';
import { gptNeoX } from './gpt-neox.ts';
import { gpt2 } from './gpt2.ts';
import { gptj } from './gptj.ts';
import { llama } from './llama.ts';
import { mistral } from './mistral.ts';
import { opt } from './opt.ts';
import { phi } from './phi.ts';
import { phi3 } from './phi3.ts';
import { qwen2 } from './qwen2.ts';
import { qwen3 } from './qwen3.ts';
import { fairseqGpt, xglm } from './xglm.ts';

/** Decoder families by the `model_type` of their configuration. */
export const families: Readonly<Record<string, Family>> = {
  bloom,
  fairseq_gpt: fairseqGpt,
  gemma,
  gemma2,
  gemma3_text: gemma3,
  gpt2,
  gpt_neo: gptNeo,
  gpt_neox: gptNeoX,
  gptj,
  llama,
  mistral,
  opt,
  phi,
  phi3,
  qwen2,
  qwen3,
  xglm,
};

/**
 * The decoder that a configuration describes.
 *
 * @throws UserError for a family that is not supported, with those that are
 */
export function readDecoder(config: Readonly<Record<string, unknown>>, source: string): Decoder {
  const type = baseFamily(config);
  const family = typeof type === 'string' && Object.hasOwn(families, type) ? families[type] : undefined;
  if (family === undefined) {
    const supported = Object.keys(families).join(', ');
    throw new UserError(`${source}: models of family '${type}' are not supported; supported are ${supported}`);
  }
  refuseUnsupported(config, source);
  const decoder = family(config, source);
  const kinds = config.layer_types;
  if (Array.isArray(kinds) && kinds.length !== decoder.layers) {
    throw new UserError(`${source}: layer_types has ${kinds.length} layers, the configuration has ${decoder.layers}`);
  }
  return withMomentum(decoder, config, source);
}

/** Keys of any family that would change the model, with the values that do not. */
const UNSUPPORTED: readonly (readonly [key: string, harmless: readonly unknown[], hint: string])[] = [
  ['per_layer_config', [undefined, null], 'layers of different sizes are not supported'],
  ['quantization_config', [undefined, null], 'quantised weights are not supported; give the model before quantisation'],
  ['is_causal', [undefined, true], 'only causal attention is supported'],
  ['transformers_weights', [undefined, null], 'weights in a file of another name are not supported; rename it'],
];

function refuseUnsupported(config: Readonly<Record<string, unknown>>, source: string): void {
  for (const [key, harmless, hint] of UNSUPPORTED) {
    if (!harmless.includes(config[key])) throw new UserError(`${source}: configuration key ${key}: ${hint}`);
  }
}
