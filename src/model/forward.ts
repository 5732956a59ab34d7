/**
 * @file The forward pass that all graphs of a model share. Graphs differ only in what they read of
 * it. N rows are the tokens of one sequence, or of several sequences packed without padding.
 */
import * as g from '../graph/operators/index.ts';
import { constant, input, integers, type Tensor, weight } from '../graph/tensor.ts';
import { type Arrangement, type Attention, attend, type BothKeys, type PrefixInputs } from './attention.ts';
import { type Decoder, type Pass, prefixShapes, type QueryKeyValue } from './decoder.ts';
import { names } from './names.ts';

/** Outputs of a graph by name. */
export type Outputs = Readonly<Record<string, Tensor>>;

/** What graphs read of a forward pass. */
export interface ForwardPass {
  /** [N, D] after the final norm. */
  readonly hidden: Tensor;
  /** The final norm of the residual stream after any layer: [N, D] -> [N, D]. */
  readonly finalNorm: (stream: Tensor) => Tensor;
  /** [.., D] -> [.., V] */
  readonly logits: (hidden: Tensor) => Tensor;
  /** The projections, as inputs of the graph. */
  readonly parameters: ReadonlyMap<string, Tensor>;
  readonly layers: readonly {
    readonly attention: Attention;
    readonly qkv: QueryKeyValue;
    readonly keys: BothKeys;
    readonly attentionOutput: Tensor;
    /** Present where the family marks its feed-forward. */
    readonly stream?: Tensor;
    readonly read?: Tensor;
    /** The residual stream after the layer: [N, D]. */
    readonly output: Tensor;
  }[];
  readonly prefix: readonly PrefixInputs[];
}

/**
 * What a graph replaces in the pass: tensors of the checkpoint, and what layers give to the next.
 */
export interface Changes {
  readonly feedForward?: Pass['feedForward'];
  readonly tensor?: (name: string, tensor: Tensor) => Tensor;
  readonly layerOutput?: Pass['layerOutput'];
}

/**
 * A forward pass of a checkpoint: over one sequence or several packed ones, with or without a
 * prefix.
 */
export function forward(
  decoder: Decoder,
  sequences: 'one' | 'packed',
  withPrefix: boolean,
  changes: Changes = {},
): ForwardPass {
  const parameters = new Map<string, Tensor>(
    decoder.projections.flat().map(({ name, shape }) => [name, input(name, 'float32', shape)]),
  );
  const weights = new Map<string, Tensor>(
    decoder.tensors.filter(({ name }) => !parameters.has(name)).map(({ name, shape }) => [name, weight(name, shape)]),
  );
  const tensor = (name: string) => parameters.get(name) ?? weights.get(name)!;
  const N = sequences === 'one' ? 'T' : 'N';
  const positions = input(names.positions, 'int32', [N]);
  const arrangement: Arrangement =
    sequences === 'one'
      ? { batch: 1 }
      : { slots: input(names.slots, 'int32', ['B', 'T']), places: input(names.places, 'int32', [N]) };
  const tokens = input(names.tokens, 'int32', [N]);
  const ownPositions = sequences === 'one' ? positions : input(names.ownPositions, 'int32', ['T']);
  const logWeight = input(names.prefixLogWeight, 'float32', [1]);
  const shapes = prefixShapes(decoder);
  const prefix = withPrefix
    ? Array.from({ length: decoder.layers }, (_, layer) => ({
        key: input(names.prefixKey(layer), 'float32', shapes.key),
        value: input(names.prefixValue(layer), 'float32', shapes.value),
        logWeight,
      }))
    : undefined;
  const keysOf = visibleKeys(decoder, positions, ownPositions);
  const layers: Partial<ForwardPass['layers'][number]>[] = [];
  const pass: Pass = {
    embed: table => g.gather(tensor(table), tokens),
    positions,
    tensor: name => changes.tensor?.(name, tensor(name)) ?? tensor(name),
    attend: (layer, qkv) => {
      const keys = keysOf(layer);
      const logEta = decoder.momentum?.(pass, layer);
      const momentum = logEta && { logEta, positions };
      const attention = attend(decoder, qkv, arrangement, keys, prefix?.[layer], momentum);
      layers[layer] = { attention, qkv, keys };
      return attention.output;
    },
    attentionOutput: (layer, attentionOutput) => {
      layers[layer] = { ...layers[layer], attentionOutput };
    },
    feedForward: (layer, reads) => {
      layers[layer] = { ...layers[layer], ...reads };
      changes.feedForward?.(layer, reads);
    },
    layerOutput: (layer, unchanged) => {
      const output = changes.layerOutput?.(layer, unchanged) ?? unchanged;
      layers[layer] = { ...layers[layer], output };
      return output;
    },
  };
  const finalNorm = (stream: Tensor) => decoder.finalNorm(pass, stream);
  return {
    hidden: finalNorm(decoder.stream(pass)),
    finalNorm,
    logits: of => decoder.logits(pass, of),
    parameters,
    layers: layers as ForwardPass['layers'],
    prefix: prefix ?? [],
  };
}

/**
 * The forward pass of training: B sequences of T tokens each, without a prefix, all tensors from
 * `tensor`. Inputs: positions int32 [T], and tokens int32 [B, T] unless `embed` gives other rows
 * [B*T, D].
 *
 * @returns the hidden state after the final norm [B*T, D], and a function from it to logits [B*T,
 * V]
 */
export function evenPass(
  decoder: Decoder,
  tensor: (name: string) => Tensor,
  embed: (table: string) => Tensor = table =>
    g.gather(tensor(table), g.reshape(input(names.tokens, 'int32', ['B', 'T']), ['B*T'])),
): { readonly hidden: Tensor; readonly logits: (hidden: Tensor) => Tensor } {
  const ownPositions = input(names.positions, 'int32', ['T']);
  const positions = g.reshape(g.expand(g.reshape(ownPositions, [1, 'T']), ['B', 'T']), ['B*T']);
  const keysOf = visibleKeys(decoder, positions, ownPositions);
  const pass: Pass = {
    embed,
    positions,
    tensor,
    attend: (layer, qkv) => {
      const logEta = decoder.momentum?.(pass, layer);
      const momentum = logEta && { logEta, positions };
      return attend(decoder, qkv, { batch: 'B' }, keysOf(layer), undefined, momentum).output;
    },
    attentionOutput: () => {},
    feedForward: () => {},
    layerOutput: (_, output) => output,
  };
  return {
    hidden: decoder.finalNorm(pass, decoder.stream(pass)),
    logits: hidden => decoder.logits(pass, hidden),
  };
}

/**
 * The keys that each layer reads: those of earlier tokens, and only recent ones where the layer has
 * a window.
 *
 * @param positions int32 [N], of the rows
 * @param ownPositions int32 [T], of the tokens of a sequence
 */
function visibleKeys(decoder: Decoder, positions: Tensor, ownPositions: Tensor): (layer: number) => BothKeys {
  const prefixPositions = input(names.prefixPositions, 'int32', ['P']);
  const column = (x: Tensor) => g.reshape(x, [x.shape[0]!, 1, 1]);
  const row = (x: Tensor) => g.reshape(x, [1, 1, x.shape[0]!]);
  const hiddenUnless = (seen: Tensor) => g.where(seen, constant(0), constant(-1e30));
  const causal = hiddenUnless(g.lessOrEqual(row(ownPositions), column(ownPositions)));
  return layer => {
    const window = decoder.window?.(layer);
    // query - key < window
    const within = (query: Tensor, key: Tensor) =>
      window === undefined
        ? undefined
        : hiddenUnless(g.lessOrEqual(column(query), g.add(row(key), integers([window - 1]))));
    const own = within(ownPositions, ownPositions);
    return {
      own: { positions: ownPositions, mask: own === undefined ? causal : g.add(causal, own) },
      prefix: { positions: prefixPositions, mask: within(positions, prefixPositions) },
    };
  };
}

/** Outputs of all layers. */
export function perLayer(
  pass: ForwardPass,
  read: (layer: ForwardPass['layers'][number], n: number) => Outputs,
): Outputs {
  return Object.assign({}, ...pass.layers.map(read));
}
