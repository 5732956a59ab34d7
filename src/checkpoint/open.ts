import { readdir, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { closest, distance } from 'fastest-levenshtein';
import { UserError } from '../error.ts';
import { errorCode, fileError } from '../files/file-bytes.ts';
import type { Checkpoint } from './checkpoint.ts';
import { asHubId } from './hub/hub-id.ts';
import { openFromHub } from './hub/open-hub.ts';
import { EMBEDDED_MODELS, locateEmbedded } from './models.ts';
import type { OpenOptions } from './open-options.ts';
import { openFairseq } from './sources/open-fairseq.ts';
import { openFolder } from './sources/open-folder.ts';
import { openGguf } from './sources/open-gguf.ts';

const KINDS =
  'a name from "dualform models", a folder with config.json and .safetensors files, a .gguf file, a model.pt of fairseq, ' +
  'or a hub id org/name';

/**
 * Finds a model and says where its weights lie. `model` is the name of an embedded model; a folder
 * as Hugging Face writes it; a `.gguf` file, whose weights are unpacked into the cache on first
 * use; a fairseq `model.pt` or its folder; or a hub id `org/name[@revision]`, which is looked up in
 * the Hugging Face cache, then downloaded.
 *
 * @throws UserError when there is no such model, or it is damaged or not supported.
 */
export async function openCheckpoint(model: string, options: OpenOptions = {}): Promise<Checkpoint> {
  const found = await find(model);
  if (options.heads !== undefined && found.kind !== 'fairseq') {
    throw new UserError(`only a model.pt of fairseq may leave its heads unsaid, ${model} is none`, { option: 'heads' });
  }
  return found.open(options);
}

interface Found {
  readonly kind: 'fairseq' | 'other';
  readonly open: (options: OpenOptions) => Promise<Checkpoint>;
}

async function find(model: string): Promise<Found> {
  const embedded = EMBEDDED_MODELS.find(({ name }) => name === model);
  if (embedded !== undefined) {
    const { file, sha256 } = locateEmbedded(embedded);
    const identity = { name: embedded.name, source: embedded.source, sha256 };
    return { kind: 'other', open: ({ onProgress }) => openGguf(file, identity, onProgress) };
  }
  switch (await kindOfPath(model)) {
    case 'folder':
      return (await isFairseqFolder(model))
        ? { kind: 'fairseq', open: options => openFairseq(join(model, 'model.pt'), options) }
        : { kind: 'other', open: ({ onProgress }) => openFolder(model, onProgress) };
    case 'file':
      return findFile(model);
    default: {
      const id = looksLikePath(model) ? undefined : asHubId(model);
      if (id === undefined) throw unknownModel(model);
      return { kind: 'other', open: options => openFromHub(id, options) };
    }
  }
}

async function isFairseqFolder(folder: string): Promise<boolean> {
  try {
    const names = await readdir(folder);
    return names.includes('model.pt') && !names.includes('config.json');
  } catch (error) {
    throw fileError(folder, error);
  }
}

async function kindOfPath(path: string): Promise<'folder' | 'file' | undefined> {
  try {
    return (await stat(path)).isDirectory() ? 'folder' : 'file';
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw fileError(path, error);
  }
}

function findFile(file: string): Found {
  const whole = resolve(file);
  const name = basename(whole);
  if (name.endsWith('.gguf')) {
    const identity = { name: name.replace(/(?:-\d{5}-of-\d{5})?\.gguf$/, ''), source: whole };
    return { kind: 'other', open: ({ onProgress }) => openGguf(whole, identity, onProgress) };
  }
  if (name.endsWith('.pt')) return { kind: 'fairseq', open: options => openFairseq(whole, options) };
  if (/\.(?:safetensors|bin)(?:\.index\.json)?$/.test(name)) {
    throw new UserError(`${file}: give the folder that holds it together with its config.json`);
  }
  throw new UserError(`${file}: not a model file; give ${KINDS}`);
}

function looksLikePath(model: string): boolean {
  return model === '' || /^[./~]|^[A-Za-z]:|\\|\.(?:gguf|pt|safetensors|json)$/.test(model);
}

function unknownModel(model: string): UserError {
  const wrong = { option: 'model', value: model };
  if (looksLikePath(model)) {
    return new UserError('there is no such file or folder', { ...wrong, remedy: 'check the path' });
  }
  const names = EMBEDDED_MODELS.map(({ name }) => name);
  const nearest = closest(model.toLowerCase(), names);
  const similar = distance(model.toLowerCase(), nearest) <= Math.ceil(nearest.length / 2);
  const remedy = similar ? `did you mean ${nearest}?` : `give ${KINDS}`;
  return new UserError('no such model, file or folder', { ...wrong, remedy });
}
