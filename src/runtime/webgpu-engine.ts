import { encodeOnnx } from '../graph/onnx/encode.ts';
import { cast, concat, reduceSum, reshape } from '../graph/operators/index.ts';
import { input } from '../graph/tensor.ts';
import { dataOf, expectedInputs, type Onnxruntime, type OnnxSession, type OnnxTensor } from './array-engine.ts';
import type { Engine, EngineSessionRequest, NonFinite } from './engine.ts';
import { firstNonFinite } from './finite.ts';
import { countGarbage } from './garbage.ts';
import { type Shape, type TensorData, tensorBytes } from './protocol.ts';

/** On the device, or in JavaScript where only one run reads it. */
export interface WebgpuTensor extends Shape {
  readonly tensor: OnnxTensor;
  /** Called when the tensor is freed. */
  readonly onFree?: () => void;
}

type Place = 'cpu' | 'gpu-buffer';

/** Tensors up to this size are read whole to find a number that is not finite. */
const readWhole = 4096;

/**
 * onnxruntime's WebGPU provider, in Node and in a browser. Tensors with a handle stay on the device,
 * weights too; feeds and fetched outputs cross.
 *
 * The binding for Node cannot read a tensor on the device (`getData` ends the process), nor write
 * outputs into a given buffer: helper graphs copy.
 */
export function createWebgpuEngine({
  ort,
  sessionOptions,
  ...io
}: {
  readonly ort: Onnxruntime;
  readonly sessionOptions: (request: EngineSessionRequest) => object;
} & Pick<Engine, 'read' | 'addSource' | 'memory'>): Engine<WebgpuTensor> {
  const discard = countGarbage();
  const helpers = new Map<string, Promise<OnnxSession>>();

  const openOn = (place: Place, request: EngineSessionRequest) =>
    ort.InferenceSession.create(request.model, { ...sessionOptions(request), preferredOutputLocation: place });

  function helper(name: string, place: Place, model: () => Uint8Array): Promise<OnnxSession> {
    const known = helpers.get(name);
    if (known !== undefined) return known;
    const opening = openOn(place, { name, model: model(), weightsRoot: undefined, sources: [], prepack: false });
    helpers.set(name, opening);
    return opening;
  }

  /** Joins tensors at `place`; a single one is copied there. The result is float16 only on request. */
  async function join(
    parts: readonly WebgpuTensor[],
    axis: number,
    place: Place,
    as?: 'float16',
  ): Promise<WebgpuTensor> {
    const [{ type, dims }] = parts as [WebgpuTensor];
    const rank = dims.length;
    const at = rank === 0 ? 0 : axis < 0 ? axis + rank : axis;
    const fits = ({ type: other, dims: found }: Shape) =>
      other === type && found.length === rank && found.every((dim, i) => i === at || dim === dims[i]);
    if (at >= Math.max(rank, 1) || !parts.every(fits))
      throw new Error(`tensors do not fit together along axis ${axis}`);
    const result = as ?? (type === 'float16' ? 'float32' : type);
    const session = await helper(`join ${parts.length} ${type} ${rank} ${at} ${place} ${as}`, place, () => {
      const inputs = parts.map((_, i) =>
        input(
          `part${i}`,
          type,
          dims.map((_, d) => (d === at ? `own${i}` : `dim${d}`)),
        ),
      );
      const joined = concat(rank === 0 ? [reshape(inputs[0]!, [1])] : inputs, at);
      return encodeOnnx({ name: 'join', outputs: { joined: cast(joined, result) } });
    });
    const { joined } = await session.run(Object.fromEntries(parts.map(({ tensor }, i) => [`part${i}`, tensor])));
    return { type: result, dims: rank === 0 ? [] : joined!.dims, tensor: joined! };
  }

  async function download({ type, dims, tensor }: WebgpuTensor): Promise<TensorData> {
    if (tensor.location === 'cpu') return dataOf('', { type, dims, data: tensor.data });
    const copy = await join([{ type, dims, tensor }], 0, 'cpu');
    return dataOf('', { type: copy.type, dims, data: copy.tensor.data });
  }

  /** The sum is not finite if any number is not; the sum of finite numbers may overflow. */
  async function mayHoldNonFinite({ type, dims, tensor }: WebgpuTensor): Promise<boolean> {
    const session = await helper(`sum ${type} ${dims.length}`, 'cpu', () => {
      const x = input(
        'x',
        type,
        dims.map((_, d) => `dim${d}`),
      );
      return encodeOnnx({
        name: 'sum',
        outputs: {
          sum: reduceSum(
            cast(x, 'float32'),
            dims.map((_, d) => d),
          ),
        },
      });
    });
    const { sum } = await session.run({ x: tensor });
    return !Number.isFinite((sum!.data as Float32Array)[0]);
  }

  const feed = ({ type, dims, data }: TensorData): WebgpuTensor => ({
    type,
    dims,
    tensor: new ort.Tensor(type, data, dims),
  });

  /** Waits for the device, which computes after a run has returned: what runs take is measured. */
  async function finish(results: readonly WebgpuTensor[]): Promise<void> {
    const floats = results.filter(({ type }) => type === 'float32');
    const [smallest] = floats.toSorted((a, b) => tensorBytes(a) - tensorBytes(b));
    if (smallest !== undefined) await mayHoldNonFinite(smallest);
  }

  return {
    async openSession(request) {
      const session = await openOn('gpu-buffer', request);
      // The binding ends the process when a tensor outlives the session that made it.
      let tensors = 0;
      let closed = false;
      const onFree = () => {
        tensors--;
        if (closed && tensors === 0) void session.release();
      };
      return {
        inputs: expectedInputs(session),
        outputs: session.outputNames,
        async run(feeds, outputs) {
          // With outputs on the device, the binding refuses to leave one out.
          const made = await session.run(
            Object.fromEntries(Object.entries(feeds).map(([name, { tensor }]) => [name, tensor])),
          );
          for (const [name, tensor] of Object.entries(made)) if (!outputs.includes(name)) tensor.dispose();
          const results = Object.fromEntries(
            outputs.map(output => {
              const tensor = made[output]!;
              const { type } = tensor;
              if (type !== 'float32' && type !== 'int32') {
                throw new Error(`output ${output} is ${type}; only float32 and int32 leave a graph`);
              }
              return [output, { type, dims: tensor.dims, tensor, onFree } satisfies WebgpuTensor];
            }),
          );
          tensors += outputs.length;
          await finish(Object.values(results));
          return results;
        },
        async release() {
          closed = true;
          if (tensors === 0) await session.release();
        },
      };
    },
    feed,
    async upload(tensor, as) {
      const uploaded = await join([feed(tensor)], 0, 'gpu-buffer', as);
      discard(tensorBytes(tensor));
      return uploaded;
    },
    download,
    concatenate: (parts, axis) => join(parts, axis, 'gpu-buffer'),
    async firstNonFinite(tensor) {
      if (tensor.type === 'int32') return undefined;
      const large = tensor.tensor.location !== 'cpu' && tensorBytes(tensor) > 4 * readWhole;
      if (large && !(await mayHoldNonFinite(tensor))) return undefined;
      return inNumbers(await download(tensor));
    },
    dispose(tensors) {
      for (const { tensor, onFree } of tensors) {
        if (tensor.location === 'gpu-buffer') tensor.dispose();
        onFree?.();
      }
      discard(tensors.reduce((sum, tensor) => sum + tensorBytes(tensor), 0));
    },
    ...io,
  };
}

function inNumbers(tensor: TensorData): NonFinite | undefined {
  const index = firstNonFinite(tensor.data as Float32Array);
  return index < 0 ? undefined : { index, value: tensor.data[index]! };
}
