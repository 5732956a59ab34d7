import type { Gguf, GgufTensor } from './parse-gguf.ts';
import type { GgufSettings } from './settings.ts';

/** The order of a weight's rows in a file: some rows of a tensor, or all of them in groups. */
export interface RowOrder {
  /** Rows that stay together. */
  readonly rows: number;
  /** The group of the file that becomes group `g` of the weight; the same when absent. */
  readonly group?: (g: number) => number;
  /** The row of the file's group that becomes row `r` of the weight's; the same when absent. */
  readonly row?: (r: number) => number;
}

/** What the writer of the file did to the values of a weight. */
export interface Layout {
  readonly order?: RowOrder;
  /** The weight is the transpose of the tensor. */
  readonly transposed?: boolean;
  /** Added to each value: -1 for the norms of Gemma, which scale by 1 + w. */
  readonly add?: number;
  /** The number of rows of the tensor, if it holds other rows too. */
  readonly rowsInFile?: number;
}

/** How one weight is read from a GGUF file. */
export interface WeightPlan {
  /** Its name in a Hugging Face checkpoint. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly tensor: GgufTensor;
  readonly layout: Layout;
}

export interface WeightPlanner {
  /** Weight `name` of `shape` comes from tensor `from`, [out, in] or [out]. */
  add(name: string, from: string, shape: readonly number[], layout?: Layout): void;
  /**
   * An affine map: `name`.weight [out, in] from `from`.weight, and with `bias` `name`.bias [out]
   * from `from`.bias.
   */
  linear(name: string, from: string, shape: readonly [number, number], bias: boolean, layout?: Layout): void;
  /** A layer norm: `name`.weight and `name`.bias, [width]. */
  norm(name: string, from: string, width: number): void;
}

/** Tables that follow from the settings. */
const WITHOUT_USE =
  /^(?:rope_freqs\.weight|rope_factors_(?:long|short)\.weight|blk\.\d+\.(?:rope_freqs\.weight|attn_rot_embd\.weight|attention\.rotary_emb\.inv_freq))$/;

/**
 * The weights that `plan` requests.
 *
 * @throws UserError for a tensor that is missing, has another shape or is not used by the model.
 */
export function planWeights(gguf: Gguf, settings: GgufSettings, plan: (planner: WeightPlanner) => void): WeightPlan[] {
  const plans: WeightPlan[] = [];
  const used = new Set<string>();
  const add: WeightPlanner['add'] = (name, from, shape, layout = {}) => {
    const tensor = gguf.tensors.get(from) ?? settings.fail(`there is no tensor ${from}`);
    const stored = layout.transposed ? shape.toReversed() : [layout.rowsInFile ?? shape[0]!, ...shape.slice(1)];
    if (`${tensor.shape}` !== `${stored}`) {
      settings.fail(`tensor ${from} has the shape [${tensor.shape.join(', ')}], expected [${stored.join(', ')}]`);
    }
    used.add(from);
    plans.push({ name, shape, tensor, layout });
  };
  plan({
    add,
    linear: (name, from, shape, bias, layout) => {
      add(`${name}.weight`, `${from}.weight`, shape, layout);
      // A bias has the rows of its matrix, but cannot be transposed.
      if (bias)
        add(`${name}.bias`, `${from}.bias`, [shape[layout?.transposed ? 1 : 0]], { ...layout, transposed: false });
    },
    norm: (name, from, width) => {
      for (const part of ['weight', 'bias']) add(`${name}.${part}`, `${from}.${part}`, [width]);
    },
  });
  for (const name of gguf.tensors.keys()) {
    if (!used.has(name) && !WITHOUT_USE.test(name)) {
      settings.fail(`tensor ${name} has no place in a ${settings.architecture} model`);
    }
  }
  return plans;
}

/**
 * Rows of heads that the file holds as pairs (i, i + half) side by side, for rotary positions on
 * neighbours, and Hugging Face as two halves: row `half j + i` of a head comes from row `2 i + j`,
 * for j in {0, 1}.
 *
 * @param headRows rows of one head
 */
export function pairedRows(headRows: number): RowOrder {
  const half = headRows / 2;
  return { rows: headRows, row: r => 2 * (r % half) + Math.floor(r / half) };
}

/**
 * Queries, keys and values that the file holds below each other, and Hugging Face head by head: [3,
 * H, dh] -> [H, 3, dh].
 */
export function headByHead(heads: number, headRows: number): RowOrder {
  return { rows: headRows, group: g => (g % 3) * heads + Math.floor(g / 3) };
}

/** Part of a tensor: its rows from `first` on. */
export function rowsFrom(first: number): RowOrder {
  return { rows: 1, group: g => first + g };
}
