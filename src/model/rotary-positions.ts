import { derivedInputs } from '../graph/tensor.ts';
import type { Decoder } from './decoder.ts';
import { forward } from './forward.ts';
import { ROTARY } from './layers/rotary.ts';

/**
 * Whether positions are rotary. The scores of the first layer are then the same behind every
 * prefix, because they depend on distances alone.
 */
export function hasRotaryPositions(decoder: Decoder): boolean {
  return Object.keys(derivedInputs([forward(decoder, 'one', false).hidden])).some(name => name.startsWith(ROTARY));
}
