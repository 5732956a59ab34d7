/**
 * @file From a checkpoint to its decoder, with the names of the checkpoint, after every tensor was
 * found.
 */
import { closest } from 'fastest-levenshtein';
import { type Checkpoint, requireTensor } from '../checkpoint/checkpoint.ts';
import { areEqual } from '../checkpoint/tensor-values.ts';
import { UserError } from '../error.ts';
import type { Decoder, Pass } from './decoder.ts';
import { readDecoder } from './families/index.ts';

/** Tensors of checkpoints that the model does not use. */
const WITHOUT_USE = [
  // Causal masks, and tables that follow from the configuration.
  /(?:^|\.)(?:attn|attention)\.(?:masked_)?bias$/,
  /(?:^|\.)(?:rotary_emb\.\w+|embed_positions\.(?:weights|_float_tensor)|position_ids|version)$/,
  // A copy of the token embedding where the head is tied (`asTied`).
  /^(?:lm_head|embed_out)\.weight$/,
  // Learned etas, where the model is run with another momentum.
  /^momentum\.layers\.\d+\.logit$/,
];

type StoredModel = Pick<Checkpoint, 'config' | 'source' | 'tensors' | 'otherTensors' | 'withSource'>;

/**
 * The decoder of a checkpoint. All its tensors were found there, in their shapes.
 *
 * @throws UserError when the family is not supported, a tensor is missing or belongs to another
 * model, or a shape contradicts the configuration
 */
export async function openDecoder(checkpoint: StoredModel): Promise<Decoder> {
  const { source, tensors, otherTensors } = checkpoint;
  const decoder = await asTied(checkpoint);
  for (const { name, shape } of decoder.tensors) {
    const stored = requireTensor(checkpoint, name).shape;
    if (String(stored) === String(shape)) continue;
    throw new UserError(
      `${source}: tensor ${name} is [${stored.join(', ')}], but the configuration says [${shape.join(', ')}]`,
    );
  }
  const names = decoder.tensors.map(({ name }) => name);
  const used = new Set(names);
  for (const name of [...tensors.keys(), ...otherTensors.keys()]) {
    if (used.has(name) || WITHOUT_USE.some(pattern => pattern.test(name))) continue;
    throw new UserError(
      `${source}: tensor ${name} has no place in the ${decoder.family} model of its configuration, where the nearest is ${closest(name, names)}`,
    );
  }
  return decoder;
}

/**
 * The decoder with its head tied to the token embedding or not, as the stored tensors show,
 * whatever `tie_word_embeddings` says: both stored with different values are two tensors, and a
 * head that is stored alone is the embedding too. transformers 5 does the same.
 */
async function asTied({ config, source, tensors, withSource }: StoredModel): Promise<Decoder> {
  const has = (name: string) => tensors.has(name);
  const tied = underItsNames(readDecoder(config, source), has);
  const untied = underItsNames(readDecoder({ ...config, tie_word_embeddings: false }, source), has);
  const head = untied.tensors.find(({ name }) => !tied.tensors.some(other => other.name === name))?.name;
  const embedding = tied.tensors[0]!.name;
  const [stored, other] = [tensors.get(embedding), head === undefined ? undefined : tensors.get(head)];
  if (head === undefined || other === undefined) return tied;
  if (stored === undefined) return renamed(tied, name => (name === embedding ? head : name));
  return (await areEqual(stored, other, withSource)) ? tied : untied;
}

/**
 * The decoder with the names of a checkpoint: one that was saved without its head, as GPT-2 and
 * BLOOM are published, lacks the first word of each name (`wte.weight` instead of
 * `transformer.wte.weight`).
 */
function underItsNames(decoder: Decoder, has: (name: string) => boolean): Decoder {
  const first = decoder.tensors[0]!.name;
  const word = first.slice(0, first.indexOf('.') + 1);
  if (has(first) || !has(first.slice(word.length))) return decoder;
  return renamed(decoder, name => (name.startsWith(word) ? name.slice(word.length) : name));
}

/** The decoder with its tensors under other names. */
function renamed(decoder: Decoder, rename: (name: string) => string): Decoder {
  const spec = <T extends { readonly name: string }>(named: T): T => ({ ...named, name: rename(named.name) });
  const read = (pass: Pass): Pass => ({
    ...pass,
    embed: table => pass.embed(rename(table)),
    tensor: name => pass.tensor(rename(name)),
  });
  return {
    ...decoder,
    tensors: decoder.tensors.map(spec),
    projections: decoder.projections.map(layer => layer.map(spec)),
    ...(decoder.feedForward && { feedForward: decoder.feedForward.map(layer => layer.map(spec)) }),
    stream: pass => decoder.stream(read(pass)),
    finalNorm: (pass, stream) => decoder.finalNorm(read(pass), stream),
    logits: (pass, hidden) => decoder.logits(read(pass), hidden),
  };
}
