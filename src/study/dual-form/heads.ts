/**
 * @file Keys, values and queries of every head of a model for the chapters: in float64, one row per
 * token.
 */
import * as g from '../../graph/operators/index.ts';
import { substitute } from '../../graph/substitute.ts';
import { input, type Tensor } from '../../graph/tensor.ts';
import type { Decoder } from '../../model/decoder.ts';
import { fedInputs, tokenFeeds } from '../../model/feeds.ts';
import { forward, perLayer } from '../../model/forward.ts';
import type { LoadedModel, ModelGraph, Projections } from '../../model/loaded-model.ts';
import { names } from '../../model/names.ts';
import type { Prefix } from '../../model/prefix.ts';
import type { Handle, TensorData } from '../../runtime/runtime.ts';
import type { KeysAndValues } from '../../theory/attention-head.ts';
import { transposed, type Vector } from '../../theory/matrix.ts';

/** By layer and key/value head; each serves H / G query heads. */
export type PerKeyValueHead<T> = readonly (readonly T[])[];
/** By layer and query head. */
export type PerHead<T> = readonly (readonly T[])[];

/** Readings of the heads at a sequence after a prefix. */
export interface HeadReadings {
  /** Of the last token: scaled, after position embedding. [dh] */
  readonly query: PerHead<Vector>;
  /** Output of the heads at the last token, before the output projection. [dh] */
  readonly attended: PerHead<Vector>;
  /** Keys and values of the tokens of the sequence. */
  readonly own: PerKeyValueHead<KeysAndValues>;
  /** Keys and values that changed projections make of the same hidden states. */
  readonly changed: PerKeyValueHead<KeysAndValues>;
}

export interface HeadRequest {
  readonly tokens: readonly number[];
  /** Position of the first token. */
  readonly start: number;
  readonly prefix: Prefix;
  readonly projections: Projections;
  readonly changed: Projections;
}

export async function readHeads(
  model: LoadedModel,
  { tokens, start, prefix, projections, changed }: HeadRequest,
): Promise<HeadReadings> {
  const { decoder, runtime } = model;
  const session = await model.session(headGraph);
  const others = Object.fromEntries(Object.entries(changed).map(([name, handle]) => [headNames.changed(name), handle]));
  const { fetched } = await runtime.run(session, {
    doing: `reading the heads of ${tokens.length} tokens`,
    feeds: fedInputs(session, { ...projections, ...others, ...prefix.feeds, ...tokenFeeds(tokens, start) }),
    fetch: session.outputs,
  });
  const layers = Array.from({ length: decoder.layers }, (_, layer) => layer);
  const lastRow = (name: (layer: number) => string) =>
    layers.map(layer => {
      const { data } = fetched[name(layer)]!;
      return Float64Array.from(data.subarray(data.length - data.length / tokens.length));
    });
  const heads = (rows: readonly Vector[]) => rows.map(row => slices(row, decoder.heads));
  const pairs = (key: (layer: number) => string, value: (layer: number) => string) =>
    layers.map(layer => keysAndValues(fetched[key(layer)]!, fetched[value(layer)]!));
  return {
    query: heads(lastRow(names.query)),
    attended: heads(lastRow(headNames.attended)),
    own: pairs(names.key, names.value),
    changed: pairs(headNames.changedKey, headNames.changedValue),
  };
}

/** Keys and values of the tokens of a prefix. */
export async function readPrefix(
  { decoder, runtime }: LoadedModel,
  prefix: Prefix,
): Promise<PerKeyValueHead<KeysAndValues>> {
  const read = (name: string) => runtime.download(prefix.feeds[name] as Handle);
  const perLayer: (readonly KeysAndValues[])[] = [];
  for (let layer = 0; layer < decoder.layers; layer++) {
    perLayer.push(keysAndValues(await read(names.prefixKey(layer)), await read(names.prefixValue(layer))));
  }
  return perLayer;
}

/** [G, dh, S] and [G, S, dh] -> keys and values of each head, one row per token. */
function keysAndValues(key: TensorData, value: TensorData): readonly KeysAndValues[] {
  const [G, S, dh] = value.dims as [number, number, number];
  const values = slices(value.data, G);
  return slices(key.data, G).map((columns, head) => ({
    keys: transposed({ rows: dh, columns: S, data: columns }),
    values: { rows: S, columns: dh, data: values[head]! },
  }));
}

/** `count` equal parts in float64. */
function slices(data: TensorData['data'] | Vector, count: number): readonly Vector[] {
  const size = data.length / count;
  return Array.from({ length: count }, (_, i) => Float64Array.from(data.subarray(i * size, (i + 1) * size)));
}

/**
 * Why the heads of a model have no maps: their scores are not only products of queries and keys.
 * Undefined where they have.
 */
export function whyNoMaps({ finishScores, window, momentum, family }: Decoder, shots: number): string | undefined {
  if (shots === 0) return 'no demonstrations';
  if (finishScores) return `${family} changes the products of queries and keys before the softmax`;
  if (window) return `some layers of ${family} see the recent tokens alone`;
  if (momentum) return `${family} adds a sum of values to what its heads attend to`;
  return undefined;
}

/** Names of inputs and outputs of this graph alone. */
const headNames = {
  changed: (parameter: string) => `changed.${parameter}`,
  attended: (layer: number) => `layers.${layer}.attended`,
  changedKey: (layer: number) => `layers.${layer}.changed_key`,
  changedValue: (layer: number) => `layers.${layer}.changed_value`,
} as const;

/**
 * One sequence of T tokens after a prefix -> for each layer N, after position embedding,
 * layers.N.query [T, H*dh] scaled, .key [G, dh, T], .value [G, T, dh]; .attended [T, H*dh], the
 * output of the heads before the output projection; and .changed_key, .changed_value, the keys and
 * values that other projections, fed as changed.*, make of the same hidden states.
 */
const headGraph: ModelGraph = {
  name: 'heads',
  outputs: decoder => {
    const pass = forward(decoder, 'one', true);
    return perLayer(pass, ({ attention, qkv }, n) => {
      const other = new Map(
        decoder.projections[n]!.map(({ name, shape }) => [
          pass.parameters.get(name)! as Tensor,
          input(headNames.changed(name), 'float32', shape) as Tensor,
        ]),
      );
      const own = { key: g.transposeMatrices(attention.key), value: attention.value };
      // Only the projections are replaced; the hidden states that they read stay the same.
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
  },
};
