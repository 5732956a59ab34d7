/**
 * @file Parts of a run that are timed to estimate the whole: a pass and a gradient of the first
 * layers, and an update of one group of projections.
 */
import * as g from '../../graph/operators/index.ts';
import { input, topologicalOrder } from '../../graph/tensor.ts';
import { type Decoder, elements } from '../../model/decoder.ts';
import { fedInputs, integers, numbers, packedFeeds, tokenFeeds } from '../../model/feeds.ts';
import { forward } from '../../model/forward.ts';
import type { LoadedModel, ModelGraph } from '../../model/loaded-model.ts';
import { names } from '../../model/names.ts';
import type { Handle, TensorData } from '../../runtime/runtime.ts';
import { projectionGradients, stepNames, updateFeeds, updateGraph, updateGroups } from '../../setting/finetune-step.ts';
import type { Trial } from './timing.ts';

/** A pass of the first layers over packed sequences, after a prefix of P zeros. */
export async function passTrial(
  { runtime, pretrained, ...model }: LoadedModel,
  { layers, keyValueHeads, headDim }: Decoder,
  sequences: readonly (readonly number[])[],
  P: number,
): Promise<Trial> {
  const session = await model.session(firstLayersGraph);
  const key = await runtime.upload('key', zeros([keyValueHeads, headDim, P]));
  const value = await runtime.upload('value', zeros([keyValueHeads, P, headDim]));
  const { feeds, firstRows } = packedFeeds(sequences, P);
  const prefix = Array.from({ length: layers }, (_, n) => [
    [names.prefixKey(n), key],
    [names.prefixValue(n), value],
  ]).flat();
  const fed = fedInputs(session, {
    ...pretrained,
    ...feeds,
    ...Object.fromEntries(prefix),
    [names.prefixLogWeight]: numbers([1], [0]),
    [names.prefixPositions]: integers([P], [...Array(P).keys()]),
    [names.tapRows]: integers([sequences.length], firstRows),
  });
  return () => runtime.run(session, { doing: 'measuring a pass', feeds: fed, fetch: session.outputs });
}

/** The gradient of the first layers over one sequence. */
export async function gradientTrial(
  { runtime, pretrained, ...model }: LoadedModel,
  tokens: readonly number[],
): Promise<Trial> {
  const session = await model.session(firstGradientGraph);
  const feeds = fedInputs(session, { ...pretrained, ...tokenFeeds(tokens, 0) });
  return async () => {
    const { kept } = await runtime.run(session, { doing: 'measuring a gradient', feeds, keep: session.outputs });
    await runtime.release(Object.values(kept));
  };
}

/** The update of the first group of projections by gradients of T tokens. */
export async function updateTrial({ runtime, decoder, pretrained, ...model }: LoadedModel, T: number): Promise<Trial> {
  const [group] = updateGroups(decoder);
  const session = await model.session(updateGraph);
  const gradients: Record<string, Handle> = {};
  const add = async (name: string, dims: readonly number[]) => {
    gradients[name] = await runtime.upload(name, zeros(dims));
  };
  for (const { name, shape } of group!) {
    const [M, K] = shape;
    if (K === undefined) await add(stepNames.gradient(name), shape);
    else {
      await add(stepNames.left(name), [T, M!]);
      await add(stepNames.right(name), [T, K]);
    }
  }
  const feeds = {
    ...updateFeeds(group!, pretrained, gradients),
    [stepNames.learningRate]: numbers([1], [1]),
  };
  return async () => {
    const { kept } = await runtime.run(session, { doing: 'measuring an update', feeds, keep: session.outputs });
    await runtime.release(Object.values(kept));
  };
}

function zeros(dims: readonly number[]): TensorData {
  return numbers(dims, new Float32Array(elements([{ shape: dims }])));
}

/**
 * Weights of the timed layers: more than the caches of a processor hold, as is true of a whole
 * model.
 */
const TRIED_WEIGHTS = 2 ** 25;

/**
 * How many of the first layers are timed: two at least, since some families have two kinds in turn.
 */
function triedLayers({ layers, tensors }: Decoder): number {
  return Math.min(layers, Math.max(2, Math.ceil((layers * TRIED_WEIGHTS) / elements(tensors))));
}

/** B sequences -> the attention outputs [B, D] of the first layers at the tap row of each. */
const firstLayersGraph: ModelGraph = {
  name: 'first layers',
  outputs: decoder => {
    const tapRows = input(names.tapRows, 'int32', ['B']);
    return Object.fromEntries(
      forward(decoder, 'packed', true)
        .layers.slice(0, triedLayers(decoder))
        .map(({ attentionOutput }, n) => [names.attentionOutput(n), g.gather(attentionOutput, tapRows)]),
    );
  },
};

/**
 * The gradient of the summed attention output of the last timed layer with respect to the
 * projections of all timed layers.
 */
const firstGradientGraph: ModelGraph = {
  name: 'first gradient',
  outputs: decoder => {
    const { layers, parameters } = forward(decoder, 'one', false);
    const tried = triedLayers(decoder);
    const loss = g.reduceSum(layers[tried - 1]!.attentionOutput, [0, 1]);
    return projectionGradients(loss, parameters, decoder.projections.slice(0, tried).flat());
  },
};

/** The first layers as a decoder of their own: the tensors that `firstLayersGraph` reads. */
export function firstLayers(decoder: Decoder): Decoder {
  const outputs = Object.values(firstLayersGraph.outputs(decoder));
  const read = new Set(topologicalOrder(outputs).map(tensor => ('name' in tensor ? tensor.name : undefined)));
  return { ...decoder, layers: outputs.length, tensors: decoder.tensors.filter(({ name }) => read.has(name)) };
}
