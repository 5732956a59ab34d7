/**
 * @file Compares edited configurations with what transformers makes of them
 * (`test/golden/config-edits`).
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { openCheckpoint } from '../../src/checkpoint/open.ts';
import { UserError } from '../../src/error.ts';
import { encodeOnnx } from '../../src/graph/onnx/encode.ts';
import { derivedInputs } from '../../src/graph/tensor.ts';
import type { Decoder } from '../../src/model/decoder.ts';
import { readDecoder } from '../../src/model/families/index.ts';
import { names } from '../../src/model/names.ts';
import { openDecoder } from '../../src/model/open-decoder.ts';
import { traceGraph } from '../../src/observe/trace.ts';
import { evaluate, goldenFolder, noPrefix, readGolden, tokenFeeds } from './golden.ts';

interface Seen {
  /** Six logits of the golden tokens, as `make.py` picks them. */
  readonly logits: readonly number[];
  /** How many recent tokens each layer sees, null for all. */
  readonly windows: readonly (number | null)[];
}

type Answer =
  | 'same'
  | Seen['logits']
  | { readonly refused: string }
  | { readonly logits: 'same' | Seen['logits']; readonly windows: Seen['windows'] };

export type Edit = readonly [key: string, value: unknown, answer: Answer];

export interface EditedCheckpoint extends Seen {
  /** The golden checkpoint whose configuration is edited. */
  readonly checkpoint: string;
  /** Its configuration in another form. */
  readonly config?: Readonly<Record<string, unknown>>;
  readonly edits: readonly Edit[];
}

export const editedCheckpoints: Readonly<Record<string, EditedCheckpoint>> = JSON.parse(
  readFileSync(new URL('../golden/config-edits/edits.json', import.meta.url), 'utf8'),
);

const REMOVED = '(removed)';
// Both round: torch to float32, the table to six decimals.
const TOLERANCE = 2e-5;

/** Messages of what transformers loads and dualform refuses. */
const REFUSED_HERE: readonly RegExp[] = [
  // transformers drops weights that the configuration has no place for.
  /^tensor \S+ has no place in the \S+ model of its configuration/,
  /^configuration key (?:is_causal: only causal|use_bidirectional_attention: )/,
  /^configuration key (?:hidden_act|hidden_activation|activation_function): Invalid option/,
  /^configuration key (?:apply_residual_connection_post_layernorm|layer_norm_elementwise_affine|per_layer_config|pad_token_id): /,
  // null for a key that another one puts out of use.
  /^configuration key (?:rope_local_base_freq|sliding_window_pattern|partial_rotary_factor|rotary_\w+|head_dim): .* received null$/,
  /^rotary parameters for each kind of layer are not supported in this family/,
  // transformers repeats a list of one number.
  /^rope scaling 'longrope' needs short_factor and long_factor, each a list of/,
  /^head_dim 16 is not the size of its heads/,
  /^configuration key partial_rotary_factor: Gemma 3 rotates whole heads/,
  /^rope scaling 'proportional' is not supported/,
  // transformers changes the angles of all tokens with the length of the sequence.
  /^11 tokens are more than the \d+ /,
];

/** Keys that change no logit; transformers refuses some of their values. */
const WITHOUT_EFFECT =
  /^(?:\w*(?:dropout|pdrop)|layerdrop|initializer_range|init_std|use_cache|return_dict|attn_implementation|summary_\w+|pretraining_tp|slow_but_exact|reorder_and_upcast_attn|is_decoder|\w+_token_id)$/;

/**
 * What is wrong with the edits of a checkpoint, a line each: logits or windows that are not those
 * of transformers, an edit that transformers refuses and dualform takes, or one that dualform
 * refuses without a reason that is listed above.
 */
export async function wrongEdits(edited: EditedCheckpoint, edits: readonly Edit[]): Promise<readonly string[]> {
  const { checkpoint, config } = edited;
  const stored = await openCheckpoint(goldenFolder(checkpoint));
  const base = config ?? stored.config;
  const { weights, expected } = await readGolden(checkpoint, readDecoder);
  const tokens = expected('tokens').data;
  const evaluated = new Map<string, readonly number[]>();
  const locate = (name: string) => ({ location: 'weights', ...stored.tensors.get(name)! });
  /** Edits that lead to the same graph are evaluated once. */
  const run = (decoder: Decoder): Seen => {
    if (tokens.length > decoder.context) {
      throw new UserError(`: ${tokens.length} tokens are more than the ${decoder.context} of the context`);
    }
    const outputs = { [names.logits]: traceGraph.outputs(decoder)[names.logits]! };
    const positions = Int32Array.from(tokens, (_, i) => i);
    const tables = Object.values(derivedInputs(Object.values(outputs))).map(({ rows }) => [...rows(positions)]);
    const graph = createHash('sha256')
      .update(encodeOnnx({ name: 'trace', outputs, locate }))
      .update(JSON.stringify(tables))
      .digest('hex');
    const feeds = () => ({ ...weights, ...noPrefix(decoder), ...tokenFeeds(tokens, 0) });
    const logits = evaluated.get(graph) ?? picked(evaluate(outputs, feeds())[names.logits]!.data, edited.logits.length);
    evaluated.set(graph, logits);
    return { logits, windows: Array.from({ length: decoder.layers }, (_, n) => decoder.window?.(n) ?? null) };
  };
  const wrong: string[] = [];
  for (const [key, value, answer] of edits) {
    const { [key]: _, ...rest } = base;
    const config = value === REMOVED ? rest : { ...rest, [key]: value };
    const seen = await openDecoder({ ...stored, config })
      .then(run)
      .catch((error: unknown) => error);
    const what = judge(seen, key, answer, edited);
    if (what !== undefined) wrong.push(`${key} = ${JSON.stringify(value)}: ${what}`);
  }
  return wrong;
}

function judge(seen: unknown, key: string, answer: Answer, base: Seen): string | undefined {
  const refused = typeof answer === 'object' && 'refused' in answer ? answer.refused : undefined;
  if (seen instanceof UserError) {
    const message = seen.message.slice(seen.message.indexOf(': ') + 2);
    return refused !== undefined || REFUSED_HERE.some(known => known.test(message)) ? undefined : `refused: ${message}`;
  }
  if (seen instanceof Error) return `${seen.stack}`;
  if (refused !== undefined && !WITHOUT_EFFECT.test(key)) return `taken, where transformers says: ${refused}`;
  const { logits, windows } = seen as Seen;
  const right = expectedOf(refused === undefined ? answer : 'same', base);
  const off = Math.max(...logits.map((x, i) => Math.abs(x - right.logits[i]!)));
  if (!(off < TOLERANCE)) return `logits ${logits.join(' ')} are ${off} off`;
  return String(windows) === String(right.windows) ? undefined : `windows ${windows}, not ${right.windows}`;
}

function expectedOf(answer: Answer, base: Seen): Seen {
  if (answer === 'same') return base;
  if (Array.isArray(answer)) return { ...base, logits: answer };
  const { logits, windows } = answer as Extract<Answer, { readonly windows: unknown }>;
  return { logits: logits === 'same' ? base.logits : logits, windows };
}

/** Places (i + 1) N / count - 1 of N numbers. */
function picked(data: ArrayLike<number>, count: number): readonly number[] {
  return Array.from({ length: count }, (_, i) => data[Math.floor(((i + 1) * data.length) / count) - 1]!);
}
