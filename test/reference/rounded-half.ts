/**
 * @file Half precision on the processor, whose engine drops casts: the same graphs with float32
 * arithmetic that rounds to the numbers of float16.
 */
import type { Rounding } from '../../src/graph/half-products.ts';
import * as g from '../../src/graph/operators/index.ts';
import { constant, type Tensor } from '../../src/graph/tensor.ts';
import { inHalf } from '../../src/model/half-precision.ts';
import type { LoadedModel, ModelGraph } from '../../src/model/loaded-model.ts';

/**
 * x with the 11 bits of float16 (Veltkamp's splitting), and below 2^-14 a multiple of 2^-24. Numbers
 * beyond 65504 stay finite here.
 */
function rounded(x: Tensor): Tensor {
  const wide = g.mul(x, constant(2 ** 13 + 1));
  const normal = g.sub(wide, g.sub(wide, x));
  const small = g.sub(g.add(x, constant(0.75)), constant(0.75));
  return g.where(g.lessOrEqual(g.mul(x, x), constant(2 ** -28)), small, normal);
}

const rounding: Rounding = { narrow: rounded, widen: rounded };

/** The model in half precision; its runtime computes in float32. */
export function inRoundedHalf(model: LoadedModel): LoadedModel {
  const graphs = new Map<ModelGraph, ModelGraph>();
  return {
    ...model,
    session: graph => {
      const half = graphs.get(graph) ?? {
        name: graph.name,
        outputs: decoder => inHalf(graph.outputs(decoder), rounding),
      };
      graphs.set(graph, half);
      return model.session(half);
    },
  };
}
