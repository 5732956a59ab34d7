import { UserError } from '../../error.ts';
import type { Decoder, Family } from '../decoder.ts';
import { llama } from './llama.ts';

/** Decoder families by the `model_type` of their configuration. */
export const families: Readonly<Record<string, Family>> = { llama };

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
