import { UserError } from '../../error.ts';
import { rememberedDigest } from '../../files/digest.ts';
import { cacheWeights, openCachedWeights } from '../cache/cache.ts';
import type { Checkpoint } from '../checkpoint.ts';
import { ggufModel } from '../formats/gguf/model.ts';
import { weightPieces } from '../formats/gguf/weights.ts';
import { modelDigest } from '../model-digest.ts';
import type { OpenProgress } from '../open-options.ts';
import { withFileSource } from './file-source.ts';
import { fileReaders } from './read-gguf.ts';
import { readGgufParts } from './read-gguf-parts.ts';

/**
 * Opens a GGUF file, or all parts of a split one given any of them. The weights are unpacked to
 * float32 in the cache, once.
 *
 * @param identity.sha256 the expected digest of the file, if known
 * @throws UserError when the file is damaged or holds what is not supported, or the cache cannot be
 * written.
 */
export async function openGguf(
  file: string,
  identity: { readonly name: string; readonly source: string; readonly sha256?: string },
  onProgress?: (progress: OpenProgress) => void,
): Promise<Checkpoint> {
  const { name, source, sha256 } = identity;
  const checked = (digest: string): string => {
    if (sha256 === undefined || digest === sha256) return digest;
    throw new UserError(`${file}: its SHA-256 is ${digest}, its manifest says ${sha256}; install it again`);
  };
  const opened = (digest: string, { config, tensors }: Pick<Checkpoint, 'config' | 'tensors'>, first: string) => {
    const tokenizer = { kind: 'gguf', file: first } as const;
    return { name, source, digest, config, tensors, otherTensors: new Map(), tokenizer, withSource: withFileSource };
  };
  // The header of a single file need not be read again once its weights are in the cache.
  const remembered = await rememberedDigest(file);
  const known = remembered && (await openCachedWeights(checked(remembered)));
  if (remembered && known) return opened(remembered, known, file);
  // Before the digest, which reads the files whole: an unsupported model is refused at once.
  const gguf = readGgufParts(file, { vocabulary: false });
  const model = await ggufModel(gguf, fileReaders);
  const digest = checked(await modelDigest(gguf.files, onProgress));
  const weights =
    (await openCachedWeights(digest)) ??
    (await cacheWeights(
      digest,
      {
        config: model.config,
        weights: model.weights.map(plan => ({
          name: plan.name,
          shape: plan.shape,
          pieces: () => weightPieces(plan, fileReaders),
        })),
      },
      (done, total) => onProgress?.({ stage: 'unpacking weights', done, total }),
    ));
  return opened(digest, weights, gguf.files.length === 1 ? file : gguf.files[0]!);
}
