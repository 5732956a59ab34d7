/**
 * @file Graphs as onnxruntime has optimised them, kept in the cache directory. Of a deep model,
 * optimising the graph takes half of the time in which a session opens, two thirds for gradients.
 * The optimised graph names the same weights and runs the same kernels, so that it gives the same
 * bits.
 */
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { InferenceSession } from 'onnxruntime-node';
import { writeAtomically } from '../../files/atomic-file.ts';
import { cacheDirectory } from '../../files/cache-directory.ts';
import { settledIdentity } from '../../files/digest.ts';
import type { EngineSessionRequest } from '../engine.ts';

type Options = Pick<InferenceSession.SessionOptions, 'graphOptimizationLevel' | 'optimizedModelFilePath'>;

/** Smaller graphs open within some milliseconds, in bytes. */
const SMALLEST = 100_000;
/** A larger graph has weights inside, in bytes. */
const LARGEST = 8 << 20;
const KEPT = 64;
const DIGEST_BYTES = 32;

/**
 * Opens a session from the kept graph, or from the given one, which is then kept. Whatever fails
 * here, the given graph is opened: no cache directory, a damaged file, a full disk.
 *
 * @param version of onnxruntime
 * @param open opens a graph with these options in place of the usual ones
 */
export async function openKept<Session>(
  request: EngineSessionRequest,
  version: string,
  open: (model: Uint8Array, options: Options) => Promise<Session>,
): Promise<Session> {
  const { model } = request;
  const usual = () => open(model, {});
  const file = model.length < SMALLEST ? undefined : await fileOf(request, version).catch(() => undefined);
  if (file === undefined) return usual();
  const kept = await readFile(file).then(contentOf, () => undefined);
  if (kept !== undefined) return open(kept, { graphOptimizationLevel: 'disabled' }).catch(usual);
  const folder = await mkdtemp(join(tmpdir(), 'dualform-graph-')).catch(() => undefined);
  if (folder === undefined) return usual();
  try {
    const optimised = join(folder, 'graph.onnx');
    const session = await open(model, { optimizedModelFilePath: optimised }).catch(usual);
    await keep(optimised, file).catch(() => undefined);
    return session;
  } finally {
    await rm(folder, { recursive: true, force: true }).catch(() => undefined);
  }
}

/**
 * The file of a graph: named after all that the optimised graph follows from, the files of its
 * weights too, whose vectors may be computed in advance. Undefined where such a file has just been
 * written.
 */
async function fileOf(
  { model, weightsRoot, sources, prepack }: EngineSessionRequest,
  version: string,
): Promise<string | undefined> {
  const identities = await Promise.all(sources.map(settledIdentity));
  if (identities.includes(undefined)) return undefined;
  const { platform, arch } = process;
  const machine = [platform, arch, cpus()[0]?.model];
  const hash = createHash('sha256').update(
    JSON.stringify([version, machine, weightsRoot, prepack, sources, identities]),
  );
  return join(cacheDirectory(), 'graphs', `${hash.update(model).digest('hex').slice(0, 32)}.onnx`);
}

/** The graph of a file that begins with its digest; undefined when that is wrong. */
function contentOf(bytes: Buffer): Buffer | undefined {
  const content = bytes.subarray(DIGEST_BYTES);
  return sha256(content).equals(bytes.subarray(0, DIGEST_BYTES)) ? content : undefined;
}

async function keep(optimised: string, file: string): Promise<void> {
  if ((await stat(optimised)).size > LARGEST) return;
  const content = await readFile(optimised);
  await writeAtomically(file, content.length, handle => handle.writeFile(Buffer.concat([sha256(content), content])));
  await forgetOldest(join(file, '..'));
}

async function forgetOldest(folder: string): Promise<void> {
  const files = (await readdir(folder)).filter(name => name.endsWith('.onnx')).map(name => join(folder, name));
  if (files.length <= KEPT) return;
  const aged = await Promise.all(files.map(async file => ({ file, written: (await stat(file)).mtimeMs })));
  const old = aged.sort((a, b) => b.written - a.written).slice(KEPT);
  await Promise.all(old.map(({ file }) => rm(file, { force: true })));
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}
