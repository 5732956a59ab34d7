import type { TokenizerSource } from '../checkpoint/checkpoint.ts';
import { EMBEDDED_MODELS, locateEmbedded } from '../checkpoint/models.ts';
import type { Json } from '../files/canonical-json.ts';
import { isObject } from '../files/canonical-json.ts';
import { valueAt } from '../files/rename-keys.ts';
import type { FolderData, TokenTexts } from '../report/folder-data.ts';
import { openDecoder } from '../tokenizer/tokenizer.ts';

/** Where the tokenizer of a run is looked for. */
export interface TextOptions {
  /** The model, where the run does not name one that comes with this program: as for a run. */
  readonly model?: string | undefined;
}

/**
 * The run with the texts of its tokens, decoded by the tokenizer that it was made with, which its
 * digest proves. Without that, the reason why there are none; nothing is downloaded. Any other
 * folder stays as it is.
 *
 * @throws UserError when the model of `options` cannot be read
 */
export async function withTexts(folder: FolderData, options: TextOptions = {}): Promise<FolderData> {
  return folder.kind === 'run' ? { ...folder, texts: await textsOf(folder, options) } : folder;
}

async function textsOf({ plan, tokens = [] }: FolderData, { model }: TextOptions): Promise<TokenTexts> {
  if (tokens.length === 0) return { from: null, why: 'the folder has no tokens.jsonl' };
  const named = valueAt(plan as Json | undefined, 'model');
  const [name, digest] = [textAt(named, 'name'), textAt(named, 'tokenizer')];
  const source = model === undefined ? embeddedTokenizer(name) : await tokenizerOf(model);
  if (source === undefined) {
    const missing =
      model === undefined
        ? `the model ${name ?? '(without a name)'} is not among those that come with dualform`
        : `${model} has no tokenizer`;
    return { from: null, why: `${missing}; the option model names where it is` };
  }
  const decoder = await openDecoder(source);
  if (decoder.digest !== digest) {
    return { from: null, why: `the tokenizer of ${model ?? name} is not the one that the run was made with` };
  }
  const ids = new Set([
    ...tokens.flatMap(line => [...line.tokens, ...(line.kind === 'query' ? (line.otherLabels ?? []).flat() : [])]),
    ...separatorOf(plan as Json | undefined),
  ]);
  return {
    from: `tokens.jsonl, decoded by the tokenizer of ${name ?? model}`,
    pieces: Object.fromEntries([...ids].map(id => [id, decoder.decode([id])])),
    sequences: tokens.map(line => decoder.decode(line.tokens)),
  };
}

/** It is not among the tokens where nothing was run in context. */
function separatorOf(plan: Json | undefined): readonly number[] {
  const found = valueAt(plan, 'separator');
  return Array.isArray(found) ? found.filter(id => typeof id === 'number') : [];
}

function textAt(value: Json | undefined, key: string): string | undefined {
  const found = isObject(value) ? value[key] : undefined;
  return typeof found === 'string' ? found : undefined;
}

function embeddedTokenizer(name: string | undefined): TokenizerSource | undefined {
  const embedded = EMBEDDED_MODELS.find(each => each.name === name);
  return embedded && { kind: 'gguf', file: locateEmbedded(embedded).file };
}

async function tokenizerOf(model: string): Promise<TokenizerSource | undefined> {
  // The models that come with dualform need nothing of it.
  const { openCheckpoint } = await import('../checkpoint/open.ts');
  return (await openCheckpoint(model, { offline: true })).tokenizer;
}
