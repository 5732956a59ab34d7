import { UserError } from '../error.ts';
import type { AddedToken } from './byte-pair-json.ts';

// Token types of a GGUF vocabulary.
export const NORMAL = 1;
const CONTROL = 3;
const USER_DEFINED = 4;

/** Tokens that are matched in a text as a whole, whatever their type in the file. */
const NAMED = ['bos', 'eos', 'unknown', 'padding'];

/** The vocabulary inside a GGUF file, unchanged. */
export interface GgufVocabulary {
  readonly file: string;
  /** `tokenizer.ggml.model` */
  readonly kind: string;
  /** `tokenizer.ggml.pre`: how text is split. */
  readonly pre: string | undefined;
  /** `general.architecture` */
  readonly architecture: string | undefined;
  /** By id. */
  readonly tokens: readonly string[];
  readonly types: readonly number[];
  readonly merges: readonly string[] | undefined;
  readonly scores: readonly number[] | undefined;
  /** `tokenizer.ggml.add_space_prefix` */
  readonly addSpacePrefix: boolean | undefined;
  /** Ids of the special tokens that the file names one by one. */
  readonly named: readonly number[];
}

/** @throws UserError when the metadata hold no vocabulary, or lists of different lengths */
export function readGgufVocabulary(file: string, metadata: ReadonlyMap<string, unknown>): GgufVocabulary {
  const at = (name: string) => metadata.get(`tokenizer.ggml.${name}`);
  const kind = at('model');
  if (kind === undefined) throw new UserError(`${file}: holds no vocabulary (tokenizer.ggml.model is missing)`);
  const tokens = list(file, 'tokens', at('tokens'), isText);
  const types = list(file, 'token_type', at('token_type') ?? tokens.map(() => NORMAL), isNumber);
  const scores = at('scores') === undefined ? undefined : list(file, 'scores', at('scores'), isNumber);
  for (const [what, { length }] of Object.entries({ 'token types': types, ...(scores && { scores }) })) {
    if (length !== tokens.length) throw new UserError(`${file}: ${tokens.length} tokens but ${length} ${what}`);
  }
  const ids = new Map<string, number>();
  tokens.forEach((token, id) => {
    const other = ids.get(token);
    if (other !== undefined) {
      throw new UserError(`${file}: token ${JSON.stringify(token)} has two ids, ${other} and ${id}`);
    }
    ids.set(token, id);
  });
  const pre = at('pre');
  const architecture = metadata.get('general.architecture');
  const prefix = at('add_space_prefix');
  return {
    file,
    kind: String(kind),
    pre: typeof pre === 'string' ? pre : undefined,
    architecture: typeof architecture === 'string' ? architecture : undefined,
    tokens,
    types,
    merges: at('merges') === undefined ? undefined : list(file, 'merges', at('merges'), isText),
    scores,
    addSpacePrefix: typeof prefix === 'boolean' ? prefix : undefined,
    named: NAMED.map(name => at(`${name}_token_id`)).filter(
      (id): id is number => isNumber(id) && tokens[id] !== undefined,
    ),
  };
}

/** Control and user-defined tokens, and those that the file names as special. */
export function addedTokensOf({ tokens, types, named }: GgufVocabulary): AddedToken[] {
  return tokens.flatMap((content, id) => {
    const special = types[id] === CONTROL || (types[id] !== USER_DEFINED && named.includes(id));
    return content !== '' && (special || types[id] === USER_DEFINED) ? [{ id, content, special }] : [];
  });
}

const isText = (value: unknown): value is string => typeof value === 'string';
const isNumber = (value: unknown): value is number => typeof value === 'number';

function list<T>(file: string, name: string, value: unknown, is: (value: unknown) => value is T): readonly T[] {
  const items: unknown = ArrayBuffer.isView(value) ? Array.from(value as Int32Array) : value;
  if (Array.isArray(items) && items.length > 0 && items.every(is)) return items;
  throw new UserError(
    `${file}: tokenizer.ggml.${name} is missing or no list of ${is === (isNumber as unknown) ? 'numbers' : 'texts'}`,
  );
}
