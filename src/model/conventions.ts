import type { Checkpoint } from '../checkpoint/checkpoint.ts';
import { UserError } from '../error.ts';
import type { Tokenizer } from '../tokenizer/tokenizer.ts';
import { baseFamily } from './momentum.ts';

/** Tokens that a model needs around texts. */
export interface Conventions {
  /** The token that every sequence begins with. */
  readonly bos: number;
  /** Tokens after each demonstration in the context. */
  readonly separator: readonly number[];
}

/** Conventions of the user instead of those of the model: text, special tokens by their text. */
export interface ConventionWishes {
  readonly bos?: string | undefined;
  readonly separator?: string | undefined;
}

const BLANK_LINE = '\n\n';

/** Models of fairseq never saw a newline: `</s>` separates lines (Dai et al., official code). */
const FAIRSEQ_FAMILIES = ['fairseq_gpt', 'xglm'];

/**
 * The BOS and the separator of a model. SmolLM2 was trained on documents that begin with
 * `<|endoftext|>` (what its metadata calls BOS is a chat token); others begin with the
 * `bos_token_id` of their configuration. A blank line separates demonstrations, `</s>` in models of
 * fairseq.
 *
 * @throws UserError when the BOS is not known or not one token
 */
export function conventionsOf(
  { config, source }: Pick<Checkpoint, 'config' | 'source'>,
  tokenizer: Pick<Tokenizer, 'encode' | 'tokenId'>,
  wishes: ConventionWishes = {},
): Conventions {
  return {
    bos: wishes.bos === undefined ? usualStart(config, source, tokenizer) : startOf(wishes.bos, tokenizer),
    separator: wishes.separator === undefined ? usualSeparator(config, tokenizer) : tokenizer.encode(wishes.separator),
  };
}

function usualSeparator(config: Checkpoint['config'], tokenizer: Pick<Tokenizer, 'encode'>): readonly number[] {
  const family = baseFamily(config);
  // transformers' XGLM means 2 where it says nothing.
  const end = config.eos_token_id === undefined && family === 'xglm' ? 2 : config.eos_token_id;
  const isFairseq = typeof family === 'string' && FAIRSEQ_FAMILIES.includes(family);
  return isFairseq && typeof end === 'number' ? [end] : tokenizer.encode(BLANK_LINE);
}

function startOf(text: string, tokenizer: Pick<Tokenizer, 'encode' | 'tokenId'>): number {
  const [first, ...rest] = tokenizer.encode(text);
  const token = tokenizer.tokenId(text) ?? (rest.length === 0 ? first : undefined);
  if (token !== undefined) return token;
  throw new UserError('is not one token of this model', {
    option: 'bos',
    value: text,
    remedy: 'name a special token, as in "<s>"',
  });
}

function usualStart(
  config: Checkpoint['config'],
  source: string,
  tokenizer: Pick<Tokenizer, 'encode' | 'tokenId'>,
): number {
  if (isSmolLM2(tokenizer)) return 0;
  const token = config.bos_token_id;
  if (typeof token === 'number' && Number.isSafeInteger(token) && token >= 0) return token;
  throw new UserError(`the configuration of ${source} has no bos_token_id`, {
    option: 'bos',
    remedy: 'name the token that documents begin with',
  });
}

/** The first three tokens of the vocabulary distinguish fairseq from others with these names. */
function isSmolLM2(tokenizer: Pick<Tokenizer, 'encode' | 'tokenId'>): boolean {
  return ['<|endoftext|>', '<|im_start|>', '<|im_end|>'].every((token, id) => tokenizer.tokenId(token) === id);
}
