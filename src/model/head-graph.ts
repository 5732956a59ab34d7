import * as g from '../graph/operators/index.ts';
import { substitute } from '../graph/substitute.ts';
import { input, type Tensor } from '../graph/tensor.ts';
import type { Decoder } from './decoder.ts';
import { forward, names, type Outputs, perLayer } from './graphs.ts';

/** Names of what is fed and read besides those of all graphs. */
export const headNames = {
  changed: (parameter: string) => `changed.${parameter}`,
  attended: (layer: number) => `layers.${layer}.attended`,
  changedKey: (layer: number) => `layers.${layer}.changed_key`,
  changedValue: (layer: number) => `layers.${layer}.changed_value`,
} as const;

/**
 * What the heads of one sequence of T tokens behind a prefix hold, for each layer N: layers.N.query [T, H*dh] scaled, .key [G, dh, T] and
 * .value [G, T, dh], all after position embedding; .attended [T, H*dh], what the heads give before the output projection; and
 * .changed_key, .changed_value, what other key and value qkv, fed as changed.*, make of the same hidden states.
 */
export function headGraph(decoder: Decoder): Outputs {
  const built = forward(decoder, 'one', true);
  return perLayer(built, ({ attention, qkv }, n) => {
    const other = new Map(
      decoder.projections[n]!.map(({ name, shape }) => [
        built.parameters.get(name)! as Tensor,
        input(headNames.changed(name), 'float32', shape) as Tensor,
      ]),
    );
    const own = { key: g.transposeMatrices(attention.key), value: attention.value };
    // The hidden states come from below the layer's own qkv, so that they stay.
    const [key, value] = substitute([own.key, own.value], other) as [Tensor, Tensor];
    return {
      [names.query(n)]: qkv.query,
      [names.key(n)]: own.key,
      [names.value(n)]: own.value,
      [headNames.attended(n)]: attention.output,
      [headNames.changedKey(n)]: key,
      [headNames.changedValue(n)]: value,
    };
  });
}
