import { topologicalOrder } from '../../graph/tensor.ts';
import { type Decoder, elements } from '../../model/decoder.ts';
import { firstLayersGraph, names } from '../../model/graphs.ts';
import { type LoadedModel, loadModel } from '../../model/loaded-model.ts';
import { fedInputs, integers, numbers, packedFeeds, tokenFeeds } from '../../model/prefix.ts';
import { updateFeeds, updateGroups, updateNames } from '../../model/update-graph.ts';
import { type Handle, openRuntime, type RuntimeOptions, type TensorData } from '../../runtime/runtime.ts';
import type { Prepared } from '../prepare.ts';
import { mappedPlaces } from './mapped-weights.ts';
import { measureReading, type ReadingSpeed } from './reading-speed.ts';
import { timed } from './timed.ts';
import { type Trial, usualSeconds } from './usual-seconds.ts';
import { passWork, rowsOf, scoreFlops } from './work.ts';

/** How fast this machine is at what limits a run of this model, as parts of the run have just shown. */
export interface Speed extends ReadingSpeed {
  /** 1e9 floating-point operations a second in products of many rows with weights. */
  readonly gigaflops: number;
  /** 1e9 bytes of weights, as float32, that products read a second, however few their rows. */
  readonly gigabytes: number;
  /** 1e9 scores of attention a second, with all that is computed of them. */
  readonly gigascores: number;
  /** As many passes forward take as long as the gradient of a short sequence. */
  readonly gradientPasses: number;
  /** 1e9 bytes of key and value projections that finetuning replaces a second. */
  readonly steppedGigabytes: number;
  /** 1e9 bytes of key and value projections, as float32, that are loaded a second. */
  readonly loadedGigabytes: number;
  /** Until a process is there to compute. */
  readonly startSeconds: number;
  /** Until a session is open. */
  readonly openSeconds: number;
}

/**
 * Takes the first layers of the model through what a run does, about two seconds: passes over few tokens, over as many as a batch has, and
 * over these behind a prefix; gradients; steps of projections.
 */
export async function measureSpeed(prepared: Prepared, options: RuntimeOptions = {}): Promise<Speed> {
  const { checkpoint, decoder } = prepared;
  const reading = await measureReading(mappedPlaces(checkpoint, decoder));
  const [runtime, startSeconds] = await timed(() => openRuntime(options));
  try {
    const part = firstLayers(decoder);
    const [group] = updateGroups(decoder);
    const layers = Math.max(part.layers, group!.length / decoder.projections[0]!.length);
    const [model, loadSeconds] = await timed(() => loadModel(checkpoint, runtime, { layers }));
    const [, openSeconds] = await timed(() => model.session('observation'));
    await model.closeSession('observation');

    const { few, many, P } = usualRows(prepared);
    const { short, long, behind, gradient, step } = await usualSeconds({
      short: await passTrial(model, part, [few], 1),
      long: await passTrial(model, part, many, 1),
      behind: await passTrial(model, part, many, P),
      gradient: await gradientTrial(model, few),
      step: await stepTrial(model, few.length),
    });
    const rates = solve(
      { seconds: short, ...amounts(part, [few], 1) },
      { seconds: long, ...amounts(part, many, 1) },
      { seconds: behind, ...amounts(part, many, P) },
    );
    return {
      ...reading,
      ...rates,
      gradientPasses: gradient / short,
      steppedGigabytes: (4e-9 * elements(group!)) / step,
      loadedGigabytes: (4e-9 * elements(decoder.projections.slice(0, layers).flat())) / loadSeconds,
      startSeconds,
      openSeconds,
    };
  } finally {
    await runtime.close();
  }
}

type Rows = readonly (readonly number[])[];

/** As many as the usual finetuning sequence has; without any, those of a short demonstration. */
const FEW_ROWS = { usual: 16, most: 64 };
/** As many as a batch has; few would tell little, and more go no faster. */
const MANY_ROWS = { least: 128, most: 512 };
/** Long enough for its scores to be seen beside the products. */
const LONG_PREFIX = 256;

/** Tokens of a short sequence, those of a batch, and how many stand in the prefix. */
function usualRows(prepared: Prepared): { readonly few: readonly number[]; readonly many: Rows; readonly P: number } {
  const { plan, sequences, decoder } = prepared;
  const half = decoder.context >> 1;
  const batch = plan.batches[plan.batches.length >> 1]!;
  const rows = rowsOf(prepared, batch).map(({ tokens }) => tokens.slice(0, half));
  const many = repeated(rows, Math.min(Math.max(rows.flat().length, MANY_ROWS.least), MANY_ROWS.most));
  const lengths = sequences.finetuning.map(({ length }) => length).sort((a, b) => a - b);
  const short = lengths[lengths.length >> 1] ?? FEW_ROWS.usual;
  return {
    few: many.flat().slice(0, Math.min(short, FEW_ROWS.most, half)),
    many,
    P: Math.min(Math.max(sequences.prefixTokens.length, LONG_PREFIX), half),
  };
}

/** Sequences over and over, until they have so many tokens. */
function repeated(sequences: Rows, tokens: number): Rows {
  const chosen: (readonly number[])[] = [];
  for (let sum = 0; sum < tokens; sum += chosen.at(-1)!.length)
    chosen.push(sequences[chosen.length % sequences.length]!);
  return chosen;
}

/** What the first layers read, as a decoder whose work can be counted. */
function firstLayers(decoder: Decoder): Decoder {
  const outputs = Object.values(firstLayersGraph(decoder));
  const read = new Set(topologicalOrder(outputs).map(tensor => ('name' in tensor ? tensor.name : undefined)));
  return { ...decoder, layers: outputs.length, tensors: decoder.tensors.filter(({ name }) => read.has(name)) };
}

interface Amounts {
  /** With weights alone. */
  readonly flops: number;
  readonly scores: number;
  readonly weights: number;
}

function amounts(part: Decoder, rows: Rows, P: number): Amounts {
  const sequences = rows.map(({ length: T }) => ({ T, reads: 0 }));
  const { flops, scores, weights } = passWork(part, sequences, P);
  return { flops: flops - scoreFlops(part) * scores, scores, weights };
}

type Measured = Amounts & { readonly seconds: number };

/** The rates at which seconds of a pass = FLOPs / gigaflops + bytes of weights / gigabytes + scores / gigascores, from three passes. */
function solve(
  short: Measured,
  long: Measured,
  behind: Measured,
): Pick<Speed, 'gigaflops' | 'gigabytes' | 'gigascores'> {
  const perScore = share(behind.seconds - long.seconds, behind) / (behind.scores - long.scores);
  const ofScores = (long.scores - short.scores) * perScore;
  const perFlop = share(long.seconds - short.seconds - ofScores, long) / (long.flops - short.flops);
  const perWeight = share(short.seconds - short.flops * perFlop - short.scores * perScore, short) / short.weights;
  return { gigaflops: 1e-9 / perFlop, gigabytes: 4e-9 / perWeight, gigascores: 1e-9 / perScore };
}

/** What others leave of a time: noise may leave nothing, but nothing takes no time. */
const share = (left: number, { seconds }: Measured) => Math.max(left, 0.01 * seconds);

/** A pass of the first layers behind a prefix of zeros. */
async function passTrial(
  { runtime, pretrained, ...model }: LoadedModel,
  { layers, keyValueHeads, headDim }: Decoder,
  rows: Rows,
  P: number,
): Promise<Trial> {
  const session = await model.session('first layers');
  const key = await runtime.upload('key', zeros([keyValueHeads, headDim, P]));
  const value = await runtime.upload('value', zeros([keyValueHeads, P, headDim]));
  const { feeds, firstRows } = packedFeeds(rows, P);
  const prefix = Array.from({ length: layers }, (_, n) => [
    [names.prefixKey(n), key],
    [names.prefixValue(n), value],
  ]).flat();
  const fed = fedInputs(session, {
    ...pretrained,
    ...feeds,
    ...Object.fromEntries(prefix),
    [names.prefixLogWeight]: numbers([1], [0]),
    [names.prefixPositions]: tokenFeeds(Array(P).fill(0), 0)[names.positions]!,
    [names.tapRows]: integers([rows.length], firstRows),
  });
  return () => runtime.run(session, { doing: 'measuring a pass', feeds: fed, fetch: session.outputs });
}

/** The gradient of the first layers. */
async function gradientTrial(
  { runtime, pretrained, ...model }: LoadedModel,
  tokens: readonly number[],
): Promise<Trial> {
  const session = await model.session('first gradient');
  const feeds = fedInputs(session, { ...pretrained, ...tokenFeeds(tokens, 0) });
  return async () => {
    const { kept } = await runtime.run(session, { doing: 'measuring a gradient', feeds, keep: session.outputs });
    await runtime.release(Object.values(kept));
  };
}

/** The step of a group of projections, after a gradient over T tokens. */
async function stepTrial({ runtime, decoder, pretrained, ...model }: LoadedModel, T: number): Promise<Trial> {
  const [group] = updateGroups(decoder);
  const session = await model.session('update');
  const gradient: Record<string, Handle> = {};
  const add = async (name: string, dims: readonly number[]) => {
    gradient[name] = await runtime.upload(name, zeros(dims));
  };
  for (const { name, shape } of group!) {
    const [M, K] = shape;
    if (K === undefined) await add(names.gradient(name), shape);
    else {
      await add(names.left(name), [T, M!]);
      await add(names.right(name), [T, K]);
    }
  }
  const feeds = { ...updateFeeds(group!, pretrained, gradient), [updateNames.rate]: numbers([1], [1]) };
  return async () => {
    const { kept } = await runtime.run(session, { doing: 'measuring a step', feeds, keep: session.outputs });
    await runtime.release(Object.values(kept));
  };
}

function zeros(dims: readonly number[]): TensorData {
  return numbers(dims, new Float32Array(elements([{ shape: dims }])));
}
