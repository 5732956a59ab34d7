import { concatenate } from './concatenate.ts';
import type { Engine, EngineSessionRequest } from './engine.ts';
import type { Expected } from './feeds.ts';
import { firstNonFinite } from './finite.ts';
import { countGarbage, garbageLimit } from './garbage.ts';
import { type TensorData, tensorBytes } from './protocol.ts';

/** The part of onnxruntime that Node's package and the browser's share. */
export interface Onnxruntime {
  readonly InferenceSession: {
    // biome-ignore lint/suspicious/noExplicitAny: the two packages have options of their own
    readonly create: (model: Uint8Array, options: any) => Promise<OnnxSession>;
  };
  readonly Tensor: new (type: TensorData['type'], data: TensorData['data'], dims: readonly number[]) => OnnxTensor;
}

export interface OnnxTensor {
  readonly type: string;
  readonly dims: readonly number[];
  readonly data: unknown;
  readonly location: string;
  readonly dispose: () => void;
}

export interface OnnxSession {
  readonly inputMetadata: readonly {
    readonly name: string;
    readonly isTensor: boolean;
    readonly type?: string;
    readonly shape?: readonly (number | string)[];
  }[];
  readonly outputNames: readonly string[];
  // biome-ignore lint/suspicious/noExplicitAny: tensors of the package itself
  readonly run: (feeds: any, fetches?: any) => Promise<Readonly<Record<string, OnnxTensor>>>;
  readonly release: () => Promise<void>;
}

/**
 * An engine whose tensors are arrays of JavaScript, which onnxruntime reads without a copy or
 * copies itself.
 */
export function createArrayEngine(options: {
  readonly ort: Pick<Onnxruntime, 'Tensor'>;
  readonly open: (request: EngineSessionRequest) => Promise<OnnxSession>;
  /** Whether an output can be written into an array that is given. */
  readonly writesInto: boolean;
  readonly read: Engine['read'];
  readonly addSource?: Engine['addSource'];
  readonly memory: Engine['memory'];
}): Engine<TensorData> {
  const { ort, open, writesInto, read, addSource, memory } = options;
  const tensorOf = ({ type, data, dims }: TensorData) => new ort.Tensor(type, data, dims);
  const discard = countGarbage();

  return {
    async openSession(request) {
      const session = await open(request);
      return {
        inputs: expectedInputs(session),
        outputs: session.outputNames,
        async run(feeds, outputs, into) {
          const fetches = Object.fromEntries(
            outputs.map(output => {
              const target = writesInto ? into[output] : undefined;
              return [output, target === undefined ? null : tensorOf(target)];
            }),
          );
          const fed = Object.fromEntries(Object.entries(feeds).map(([name, feed]) => [name, tensorOf(feed)]));
          const results = await session.run(fed, fetches);
          return Object.fromEntries(
            outputs.map(output => [output, (writesInto && into[output]) || dataOf(output, results[output]!)]),
          );
        },
        async release() {
          await session.release();
          // Outputs that await collection hold memory of the session.
          discard(garbageLimit);
        },
      };
    },
    feed: tensor => tensor,
    async upload(tensor, as) {
      if (as !== undefined) throw new Error(`this engine holds no tensor of ${as}`);
      return tensor;
    },
    download: async tensor => tensor,
    concatenate: async (parts, axis) => concatenate(parts, axis),
    async firstNonFinite(tensor) {
      if (tensor.type !== 'float32') return undefined;
      const index = firstNonFinite(tensor.data);
      return index < 0 ? undefined : { index, value: tensor.data[index]! };
    },
    dispose: tensors => discard(tensors.reduce((sum, tensor) => sum + tensorBytes(tensor), 0)),
    read,
    ...(addSource && { addSource }),
    memory,
  };
}

/** The inputs of a session, for the check of feeds. */
export function expectedInputs(session: Pick<OnnxSession, 'inputMetadata'>): readonly Expected[] {
  return session.inputMetadata.map(input => {
    if (!input.isTensor) throw new Error(`input ${input.name} is not a tensor`);
    return { name: input.name, type: input.type!, shape: input.shape! };
  });
}

export function dataOf(output: string, { type, dims, data }: Omit<OnnxTensor, 'location' | 'dispose'>): TensorData {
  if (type === 'float32') return { type, dims, data: data as Float32Array };
  if (type === 'int32') return { type, dims, data: data as Int32Array };
  throw new Error(`output ${output} is ${type}; only float32 and int32 leave a graph`);
}
