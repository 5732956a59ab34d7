import * as g from '../graph/operators/index.ts';
import type { Tensor } from '../graph/tensor.ts';
import { type ForwardPass, forward, type Outputs } from '../model/forward.ts';
import type { ModelGraph } from '../model/loaded-model.ts';
import { names } from '../model/names.ts';
import { nextTokenLoss, projectionGradients, stepNames } from './finetune-step.ts';

/**
 * The terms of the layer-causal loss, one a layer, each a scalar: the next-token loss of the
 * residual stream x_l after layer l, as if it were the last layer.
 *
 *     logits_l = Unembed(FinalNorm(x_l)),   term_l = sum_t targetWeights_t cross-entropy_t(logits_l)
 */
export function layerCausalTerms(pass: ForwardPass): readonly Tensor[] {
  const lossOf = nextTokenLoss(pass);
  return pass.layers.map(({ output }) => lossOf(pass.finalNorm(output)));
}

/**
 * As `gradientGraph`, with layer-causal gradient descent (Deutch et al. 2023, as their code
 * computes it: the whole layer, attention, feed-forward and residuals):
 *
 *     x_l = Layer_l(stopgrad(x_(l-1))),   loss = sum_l term_l (`layerCausalTerms`)
 *
 * Layer l learns from its own term alone. Neither x_(l-1) nor a later term gives its projections a
 * gradient, so the gradient of term_l by them is that of the loss.
 */
export const layerCausalGraph: ModelGraph = {
  name: 'layer-causal gradient',
  outputs: decoder => {
    const pass = forward(decoder, 'one', false);
    const terms = layerCausalTerms(pass);
    // Layer by layer, so that the engine holds what one layer needs, not what all do.
    const layers = terms.map(
      (term, n): Outputs => ({
        [names.query(n)]: pass.layers[n]!.qkv.query,
        ...projectionGradients(term, pass.parameters, decoder.projections[n]!),
      }),
    );
    return Object.assign({}, ...layers, { [stepNames.loss]: terms.reduce(g.add) });
  },
};
