import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, statfs } from 'node:fs/promises';
import os from 'node:os';
import { verifyCache, weightsDirectory } from '../../checkpoint/cache/integrity.ts';
import { EMBEDDED_MODELS, locateEmbedded } from '../../checkpoint/models.ts';
import type { NodeDevice } from '../../device.ts';
import { UserError } from '../../error.ts';
import { CACHE_ELSEWHERE, cacheDirectory, makeCacheFolder } from '../../files/cache-directory.ts';
import { errorCode } from '../../files/file-bytes.ts';
import { encodeOnnx } from '../../graph/onnx/encode.ts';
import { matmul } from '../../graph/operators/index.ts';
import { input } from '../../graph/tensor.ts';
import { formatBytes, formatFlops, formatPlural } from '../../report/format/number.ts';
import { memoryOfMachine } from '../../run/estimate/machine-memory.ts';
import { Interrupted } from '../../run/interrupted.ts';
import { matrixProductPeak } from '../../runtime/matrix-product-peak.ts';
import { openRuntime } from '../../runtime/node/open-runtime.ts';
import { openTask, TASK_NAMES } from '../../task/open-task.ts';
import { withFlags } from '../options/command-error.ts';
import type { Given } from '../options/command-line.ts';
import type { Io } from '../terminal/io.ts';
import { cardMemory } from './card-memory.ts';
import { type Check, formatChecks } from './view.ts';

export async function perform(_: Given<object>, io: Io): Promise<void> {
  const checks = await checkUp(io);
  io.answer({ ok: checks.every(check => check.ok), checks }, () => formatChecks(checks));
  if (checks.some(check => !check.ok)) process.exitCode = 1;
}

const DEVICES = ['cpu', 'webgpu', 'cuda'] as const;
const OLDEST_NODE = [20, 19] as const;

/** Checks everything that the commands need. */
async function checkUp(io: Io): Promise<Check[]> {
  const all: readonly (readonly [name: string, check: (io: Io) => Promise<Finding>])[] = [
    ['Node', checkNode],
    ['onnxruntime', checkRuntime],
    ...DEVICES.map(device => [`device ${device}`, (io: Io) => checkDevice(device, io)] as const),
    ['memory', checkMemory],
    ['cache folder', checkCacheFolder],
    ['cached weights', checkCachedWeights],
    ...EMBEDDED_MODELS.map(model => [model.name, (io: Io) => checkModel(model.name, io)] as const),
    ...TASK_NAMES.map(task => [`data of ${task}`, () => checkTask(task)] as const),
  ];
  const checks: Check[] = [];
  for (const [name, check] of all) {
    io.progress({ stage: 'checking', done: checks.length, total: all.length, unit: 'checks' });
    checks.push({ name, ...(await check(io).catch(failed)) });
  }
  return checks;
}

type Finding = Omit<Check, 'name'>;

const good = (found: string): Finding => ({ ok: true, found });
const bad = (found: string, advice: string): Finding => ({ ok: false, found, advice });

function failed(error: unknown): Finding {
  if (error instanceof Interrupted) throw error;
  return bad(
    error instanceof Error ? error.message : String(error),
    'correct what the message names, then run doctor again',
  );
}

async function checkNode(): Promise<Finding> {
  const found = `${process.versions.node} on ${process.platform} ${process.arch}`;
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const old = major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1]);
  return old ? bad(found, `install Node ${OLDEST_NODE.join('.')} or later from nodejs.org`) : good(found);
}

/** The installer of onnxruntime-node downloads GPU libraries from its own host, and fails without network access. */
const CLOSED_NETWORK = 'without network access it installs with ONNXRUNTIME_NODE_INSTALL=skip in the environment';
const REINSTALL = `install dualform again (in a checkout: npm ci); ${CLOSED_NETWORK}`;

/** Integers, so that the product is exact in float32 on every machine. */
async function checkRuntime({ threads, signal }: Io): Promise<Finding> {
  const size = 64;
  const [a, b] = [input('a', 'float32', ['M', size]), input('b', 'float32', [size, size])];
  const left = Float32Array.from({ length: size * size }, (_, i) => (i % 7) - 3);
  const right = Float32Array.from({ length: size * size }, (_, i) => (i % 5) - 2);
  const runtime = await openRuntime({ threads, signal }).catch(asUnusable);
  if ('ok' in runtime) return runtime;
  try {
    const model = encodeOnnx({ name: 'product', outputs: { product: matmul(a, b) } });
    const session = await runtime.openSession({ name: 'product', model });
    const dims = [size, size];
    const { fetched } = await runtime.run(session, {
      doing: 'multiplying two small matrices',
      feeds: { a: { type: 'float32', dims, data: left }, b: { type: 'float32', dims, data: right } },
      fetch: ['product'],
    });
    const product = fetched.product!.data;
    const wrong = product.findIndex((x, i) => {
      let sum = 0;
      for (let k = 0; k < size; k++) sum += left[Math.floor(i / size) * size + k]! * right[k * size + (i % size)]!;
      return x !== sum;
    });
    if (wrong >= 0) return bad(`multiplies two matrices wrongly (entry ${wrong})`, REINSTALL);
    return good(`loads and multiplies correctly; ${CLOSED_NETWORK}`);
  } finally {
    await runtime.close();
  }
}

function asUnusable(error: unknown): Finding {
  if (error instanceof UserError) return bad(error.message, REINSTALL);
  throw error;
}

/** Five products take 0.3 s on two cores. */
const TIMED_PRODUCTS = 5;

/** A device that is not there is no fault: nothing needs it but `--device`. */
async function checkDevice(device: NodeDevice, { threads, signal }: Io): Promise<Finding> {
  const runtime = await openRuntime({ device, threads, signal }).catch(error => {
    if (error instanceof UserError && device !== 'cpu') return error;
    throw error;
  });
  if (runtime instanceof UserError) return good(withFlags(runtime.message, new Map([['device', '--device']])));
  try {
    const speed = `${formatFlops(1e9 * (await matrixProductPeak(runtime, TIMED_PRODUCTS)))}/s in a matrix product`;
    if (device !== 'cpu') {
      const memory = device === 'cuda' ? await cardMemory(0) : undefined;
      const told = memory && `${formatBytes(memory.free)} of ${formatBytes(memory.total)} memory free`;
      return good(`multiplies correctly, ${speed}; ${told ?? 'memory unknown: onnxruntime does not tell it'}`);
    }
    const cpu = os.cpus()[0]?.model.trim() || 'unknown processor';
    return good(`${cpu}: ${formatPlural(runtime.threads, 'thread')}, ${speed}`);
  } finally {
    await runtime.close();
  }
}

async function checkMemory(): Promise<Finding> {
  const limit = memoryOfMachine();
  const free = process.availableMemory?.() ?? os.freemem();
  const found = `${formatBytes(free)} of ${formatBytes(limit)} available`;
  const needed = Math.max(...EMBEDDED_MODELS.map(model => model.memoryBytes));
  if (free >= needed) return good(found);
  return bad(found, `a run of the embedded model takes up to ${formatBytes(needed)}; close other programs`);
}

async function checkCacheFolder(): Promise<Finding> {
  const folder = cacheDirectory();
  try {
    await makeCacheFolder(folder);
  } catch (error) {
    return bad(`${folder} cannot be written (${errorCode((error as Error).cause)})`, CACHE_ELSEWHERE);
  }
  const needed = Math.max(...EMBEDDED_MODELS.map(model => model.cacheBytes));
  const { bavail, bsize } = await statfs(folder);
  const found = `${folder}, ${formatBytes(bavail * bsize)} free`;
  // Unpacked weights need no more space.
  const unpacked = await readdir(weightsDirectory()).catch(() => []);
  if (unpacked.length > 0 || bavail * bsize >= needed) return good(found);
  return bad(found, `${formatBytes(needed)} are needed; free some space, or set DUALFORM_CACHE to another folder`);
}

async function checkCachedWeights(): Promise<Finding> {
  const reports = await verifyCache();
  const damaged = reports.filter(({ damage }) => damage !== undefined);
  const bytes = reports.reduce((sum, report) => sum + report.bytes, 0);
  if (damaged.length === 0) {
    return good(
      reports.length === 0 ? 'none yet; unpacked at first use' : `${reports.length} verified, ${formatBytes(bytes)}`,
    );
  }
  const found = damaged.map(({ file, damage }) => `${file}: ${damage}`).join('; ');
  return bad(found, 'delete the file; it is unpacked again at next use');
}

async function checkModel(name: string, { progress }: Io): Promise<Finding> {
  const model = EMBEDDED_MODELS.find(each => each.name === name)!;
  const { file, sha256 } = locateEmbedded(model);
  const hash = createHash('sha256');
  let done = 0;
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) {
    hash.update(chunk);
    done += chunk.length;
    progress({ stage: `reading ${name}`, done, total: model.bytes, unit: 'bytes' });
  }
  if (hash.digest('hex') === sha256) return good(`${formatBytes(done)}, SHA-256 as in its manifest`);
  return bad(`${file}: SHA-256 differs from its manifest`, `install ${model.package} again`);
}

async function checkTask(name: string): Promise<Finding> {
  const task = await openTask(name);
  // To read them compares their digests.
  return good(`${task.train().length} + ${task.evaluation().length} rows, SHA-256 as in its manifest`);
}
