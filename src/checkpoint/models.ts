import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { UserError } from '../error.ts';

/** A model that comes with dualform in its own package. */
export interface EmbeddedModel {
  readonly name: string;
  readonly family: string;
  readonly parameters: number;
  readonly licence: string;
  readonly source: string;
  /** Of the packed file. */
  readonly bytes: number;
  /** Of the unpacked weights in the cache. */
  readonly cacheBytes: number;
  /** What `dualform run` takes at its peak, all processes together. */
  readonly memoryBytes: number;
  /** The npm package that holds it. */
  readonly package: string;
}

export const EMBEDDED_MODELS: readonly EmbeddedModel[] = [
  {
    name: 'smollm2-135m-instruct',
    family: 'llama',
    parameters: 134_515_008,
    licence: 'Apache-2.0',
    source: 'HuggingFaceTB/SmolLM2-135M-Instruct, quantised to Q4_1 with llama.cpp',
    bytes: 98_362_432,
    cacheBytes: 538_091_136,
    memoryBytes: 2_000_000_000,
    package: '@dualform/smollm2-135m-instruct',
  },
];

/**
 * Where the GGUF file of an embedded model lies, and the SHA-256 that its manifest promises.
 *
 * @throws UserError when the package is not installed or its manifest is damaged.
 */
export function locateEmbedded(model: EmbeddedModel): { readonly file: string; readonly sha256: string } {
  const require = createRequire(import.meta.url);
  let file: string;
  let manifest: string;
  try {
    file = require.resolve(`${model.package}/model.gguf`);
    manifest = require.resolve(`${model.package}/manifest.json`);
  } catch (cause) {
    throw new UserError(
      `${model.name}: the package ${model.package} is not installed; run: npm install ${model.package}`,
      {
        cause,
      },
    );
  }
  const sha256 = promisedDigest(manifest);
  if (sha256 === undefined) throw new UserError(`${manifest}: damaged; install ${model.package} again`);
  return { file, sha256 };
}

function promisedDigest(manifest: string): string | undefined {
  try {
    const { files } = JSON.parse(readFileSync(manifest, 'utf8')) as { files: Record<string, { sha256: string }> };
    return Object.values(files)[0]?.sha256;
  } catch {
    return undefined;
  }
}
