import { setImmediate } from 'node:timers/promises';
import { cosine } from '../../metric/cosine.ts';
import { checked } from '../../theory/check.ts';
import {
  bestRate,
  checkInContextRegression,
  constructedLayer,
  drawRegression,
  type LinearAttentionLayer,
  meanSquare,
  predict,
  predictByDescent,
  predictByPreconditionedDescent,
  type RegressionTask,
} from '../../theory/in-context-regression.ts';
import { matrix, outer, row } from '../../theory/matrix.ts';
import { meanOf } from '../means.ts';
import { type Chapter, type ChapterContext, rounded } from './chapter.ts';
import { minimise } from './minimise.ts';
import { trainLayers } from './trained-layers.ts';

const WIDTH = 5;
const EXAMPLES = 20;
/** Tasks for losses. */
const TEST_TASKS = 10_000;
/** Tasks for the choice of rates; none of them is a test task. */
const TUNING_TASKS = 300;
const DESCENT_STEPS = 8;
/** Fewer steps, since two numbers are chosen. */
const PLUS_PLUS_STEPS = 4;
const BATCH = 256;
const LEARNING_RATE = 0.01;

/** Separate random streams of tasks. */
const streams = { test: 1, training: 2, tuning: 3 } as const;

/** Task `index` of a stream. */
export function taskOf(stream: keyof typeof streams, seed: number, index: number): RegressionTask {
  return drawRegression(WIDTH, EXAMPLES, seed, 3, streams[stream], index);
}

/** Chapter 3: the constructed layer, and trained layers. */
export const inContextRegression: Chapter = {
  title: 'a layer of linear self-attention that is a step of gradient descent',
  trainings: 2,
  compute: async context => {
    const { seed } = context;
    const tasks = (stream: keyof typeof streams, length: number) =>
      Array.from({ length }, (_, i) => taskOf(stream, seed, i));
    const test = tasks('test', TEST_TASKS);
    const tuning = tasks('tuning', TUNING_TASKS);
    const descent = await descentLosses(tuning, test, context);
    const plusPlus = await plusPlusLosses(tuning, test, context);
    const one = await trained(1, context);
    const two = await trained(2, context);
    const lossOf = (layers: readonly LinearAttentionLayer[]) => meanSquare(test, task => predict(layers, task));
    const trainedLosses = [one, two].map(lossOf);
    const step = descent[0]!;
    const [layer] = one as readonly [LinearAttentionLayer];
    return {
      checks: [
        ...checkInContextRegression(seed),
        checked(
          'layer trained from scratch: its loss is that of one step at the best rate, as a share',
          Math.abs(trainedLosses[0]! / step - 1),
          0.01,
        ),
        checked(
          'its weights are the constructed ones up to scale: 1 - cosine of what the prediction is made with',
          1 - cosine(effective(layer), effective(constructedLayer(WIDTH, EXAMPLES, 1)))!,
          0.001,
        ),
      ],
      findings: [
        { what: 'best rate of one step', value: rounded(bestRate(WIDTH, EXAMPLES)) },
        { what: 'rate that the trained layer has found', value: rounded(rateOf(layer)) },
        { what: 'loss of one step at the best rate', value: rounded(step) },
        { what: 'loss of one trained layer', value: rounded(trainedLosses[0]!) },
        { what: 'loss of two steps at the best rate', value: rounded(descent[1]!) },
        { what: 'loss of two layers of GD++, one rate and curvature for both', value: rounded(plusPlus[1]!) },
        { what: 'loss of two trained layers', value: rounded(trainedLosses[1]!) },
      ],
      tables: [
        {
          title: `Mean square of the prediction by steps or layers (${WIDTH} inputs, ${EXAMPLES} examples, ${TEST_TASKS} tasks; without any step ${rounded(meanSquare(test, () => 0))})`,
          columns: [
            'steps or layers',
            'gradient descent, best rate',
            'GD++, best rate and curvature',
            'trained layers',
          ],
          rows: descent.map((loss, i) => [
            i + 1,
            rounded(loss),
            plusPlus[i] === undefined ? null : rounded(plusPlus[i]),
            trainedLosses[i] === undefined ? null : rounded(trainedLosses[i]),
          ]),
        },
      ],
      figure: {
        title: 'Linear regression in context: loss by steps of gradient descent or layers of attention',
        x: 'steps or layers',
        y: 'mean square',
        scaleY: 'log',
        panels: [
          {
            series: [
              { name: 'gradient descent, best rate', points: byCount(descent) },
              { name: 'GD++, best rate and curvature', points: byCount(plusPlus) },
              { name: 'layers trained from scratch', points: byCount(trainedLosses) },
            ],
          },
        ],
      },
    };
  },
};

function byCount(losses: readonly number[]) {
  return losses.map((loss, i) => ({ x: i + 1, y: loss }));
}

/**
 * Losses of 1, 2, ... steps on `test`, each at the best rate on `tuning`; that of one step has a
 * closed form.
 */
export function descentLosses(
  tuning: readonly RegressionTask[],
  test: readonly RegressionTask[],
  { report }: Pick<ChapterContext, 'report'>,
): Promise<readonly number[]> {
  return eachCount(DESCENT_STEPS, (steps, done) => {
    report('choosing rates of gradient descent', done, DESCENT_STEPS);
    const loss = (tasks: readonly RegressionTask[], rate: number) =>
      meanSquare(tasks, task => predictByDescent(task, rate, steps));
    const rate = steps === 1 ? bestRate(WIDTH, EXAMPLES) : minimise(rate => loss(tuning, rate), 0, 3);
    return loss(test, rate);
  });
}

/** The same for GD++, with a chosen curvature. */
export function plusPlusLosses(
  tuning: readonly RegressionTask[],
  test: readonly RegressionTask[],
  { report }: Pick<ChapterContext, 'report'>,
): Promise<readonly number[]> {
  return eachCount(PLUS_PLUS_STEPS, (steps, done) => {
    report('choosing rates of GD++', done, PLUS_PLUS_STEPS);
    const loss = (tasks: readonly RegressionTask[], rate: number, curvature: number) =>
      meanSquare(tasks, task => predictByPreconditionedDescent(task, rate, curvature, steps));
    // Curvature has no effect in a single step.
    if (steps === 1) return loss(test, bestRate(WIDTH, EXAMPLES), 0);
    const rateAt = (curvature: number) => minimise(rate => loss(tuning, rate, curvature), 0, 8, 0.003);
    const curvature = minimise(c => loss(tuning, rateAt(c), c), 0, 2, 0.01);
    return loss(test, rateAt(curvature), curvature);
  });
}

/**
 * Values of 1, 2, ... `count`; the event loop runs between them, so that the work can be stopped.
 */
async function eachCount(count: number, value: (n: number, done: number) => number): Promise<readonly number[]> {
  const values: number[] = [];
  for (let n = 1; n <= count; n++) {
    await setImmediate();
    values.push(value(n, n - 1));
  }
  return values;
}

function trained(layers: number, { seed, runtime, trainingSteps: steps, report }: ChapterContext) {
  return trainLayers(
    runtime,
    { layers, hiddenSize: WIDTH, examples: EXAMPLES, steps, batch: BATCH, learningRate: LEARNING_RATE },
    seed,
    index => taskOf('training', seed, index),
    step => report(`training ${layers === 1 ? 'one layer' : `${layers} layers`}`, step, steps),
  );
}

/**
 * What the prediction for a query (x, 0) depends on: the outer product of the last row of the
 * values and the scores without their last column.
 */
function effective({ scores, values }: LinearAttentionLayer) {
  const last = row(values, WIDTH);
  const visible = matrix(WIDTH + 1, WIDTH, (i, j) => scores.data[i * (WIDTH + 1) + j]!);
  return outer(last, visible.data).data;
}

/** n times the mean factor between y_i x_i^T x and the prediction. */
function rateOf({ scores, values }: LinearAttentionLayer): number {
  const diagonal = Array.from({ length: WIDTH }, (_, i) => row(scores, i)[i]!);
  return -EXAMPLES * row(values, WIDTH)[WIDTH]! * meanOf(diagonal);
}
