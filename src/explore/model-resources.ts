import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Checkpoint, TokenizerSource } from '../checkpoint/checkpoint.ts';
import { EMBEDDED_MODELS, locateEmbedded } from '../checkpoint/models.ts';
import { openCheckpoint } from '../checkpoint/open.ts';
import type { OpenOptions } from '../checkpoint/open-options.ts';
import { fileDigest } from '../files/digest.ts';
import type { PageFile, PageModel } from './page-data.ts';
import type { Resource } from './resource.ts';

export interface ModelResources {
  readonly model: PageModel;
  readonly files: readonly Resource[];
}

/** WebAssembly addresses 4 GB, and weights are there as float32 beside the page's own copy. */
const MOST_BYTES = 1.5e9;

/** The folder of their paths. */
export const MODEL_FOLDER = 'model';

/**
 * The files from which a page opens a model. Nothing is unpacked. Their paths hold the digest of the
 * model: browsers keep files by path.
 *
 * @throws UserError as `openCheckpoint`
 */
export async function modelResources(name: string, options: OpenOptions): Promise<ModelResources> {
  const embedded = EMBEDDED_MODELS.find(model => model.name === name);
  if (embedded !== undefined) {
    const { file, sha256 } = locateEmbedded(embedded);
    const { licence, source } = embedded;
    return withFiles({ name, digest: sha256, licence, source }, [file], ([weights]) => ({
      kind: 'gguf',
      weights: weights!,
    }));
  }
  if (name.endsWith('.gguf')) {
    const digest = await fileDigest(name);
    return withFiles({ name: basename(name), digest }, [name], ([weights]) => ({
      kind: 'gguf',
      weights: weights!,
    }));
  }
  const checkpoint = await openCheckpoint(name, options);
  const { tokenizer, config } = checkpoint;
  const identity = { name: checkpoint.name, digest: checkpoint.digest };
  const files = weightFiles(checkpoint);
  const why = await whyNotInPage(tokenizer, files);
  if (why !== undefined) return { model: { ...identity, files: { kind: 'none', why } }, files: [] };
  return withFiles(identity, [tokenizer!.kind === 'tokenizer.json' ? tokenizer!.file : '', ...files], found => {
    const [own, ...weights] = found;
    return { kind: 'safetensors', config, weights, tokenizer: own! };
  });
}

function weightFiles({ tensors }: Checkpoint): readonly string[] {
  return [...new Set([...tensors.values()].map(({ file }) => file))];
}

async function whyNotInPage(
  tokenizer: TokenizerSource | undefined,
  files: readonly string[],
): Promise<string | undefined> {
  if (tokenizer?.kind !== 'tokenizer.json') return 'a page needs a tokenizer.json, which this model does not have';
  const sizes = await Promise.all(files.map(async file => (await stat(file)).size));
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  if (bytes <= MOST_BYTES) return undefined;
  return `its weights of ${Math.round(bytes / 1e6)} MB are too many for a page`;
}

async function withFiles(
  identity: Omit<PageModel, 'files'>,
  files: readonly string[],
  describe: (files: readonly PageFile[]) => PageModel['files'],
): Promise<ModelResources> {
  const page = await Promise.all(
    files.map(async (file, i) => {
      const name = basename(file);
      return {
        name,
        path: `${MODEL_FOLDER}/${identity.digest}/${i}-${name.replaceAll(/[^\w.-]/g, '_')}`,
        bytes: (await stat(file)).size,
      };
    }),
  );
  const resources = page.map(({ path }, i) => ({ path, type: 'application/octet-stream', file: files[i]! }));
  return { model: { ...identity, files: describe(page) }, files: resources };
}
