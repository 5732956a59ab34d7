/**
 * @file Training of linear self-attention layers (von Oswald et al. 2022, section 3).
 */
import * as g from '../../graph/operators/index.ts';
import { constant, input, type Tensor } from '../../graph/tensor.ts';
import { numbers } from '../../model/feeds.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import {
  type LinearAttentionLayer,
  layerOf,
  type RegressionTask,
  tokensOf,
} from '../../theory/in-context-regression.ts';
import type { AdamSettings } from '../../train/adam.ts';
import { initialise } from '../../train/initialise.ts';
import type { Feeds, Numbers, Objective } from '../../train/objective.ts';
import { openTrainer } from '../../train/trainer.ts';

export interface TrainingPlan {
  readonly layers: number;
  readonly hiddenSize: number;
  readonly examples: number;
  readonly steps: number;
  /** Tasks in a step; each step has new ones. */
  readonly batch: number;
  /** At the first step; cosine decay to 0. */
  readonly learningRate: number;
}

const ADAM: AdamSettings = { beta1: 0.9, beta2: 0.98, epsilon: 1e-8, clipNorm: 1 };
const matrices = ['query', 'key', 'value', 'projection'] as const;
const nameOf = (layer: number, matrix: (typeof matrices)[number]) => `layers.${layer}.${matrix}`;

/**
 * Tokens [B, n+1, d+1] -> e_j + P sum_i (W_V e_i) (W_K e_i)^T W_Q e_j in each layer, i over the n
 * examples; the prediction [B] is minus the last entry of the query after the layers, and the loss
 * its mean squared error to the answers [B].
 */
function regression({ layers, hiddenSize, examples, batch }: TrainingPlan): Objective {
  const size = hiddenSize + 1;
  return {
    parameters: Array.from({ length: layers }, (_, layer) =>
      matrices.map(matrix => ({ name: nameOf(layer, matrix), shape: [size, size], initial: { deviation: 0.2 } })),
    ).flat(),
    build: parameter => {
      let tokens: Tensor = input('tokens', 'float32', [batch, examples + 1, size]);
      for (let layer = 0; layer < layers; layer++) {
        const map = (x: Tensor, matrix: (typeof matrices)[number]) => {
          const rows = g.reshape(x, [batch * (x.shape[1] as number), size]);
          return g.reshape(g.gemm(rows, parameter(nameOf(layer, matrix)), { transposeB: true }), x.shape);
        };
        const [seen] = g.split(tokens, 1, [examples, 1]) as [Tensor, Tensor];
        const scores = g.matmul(map(tokens, 'query'), g.transpose(map(seen, 'key'), [0, 2, 1]));
        tokens = g.add(tokens, map(g.matmul(scores, map(seen, 'value')), 'projection'));
      }
      const [, query] = g.split(tokens, 1, [examples, 1]) as [Tensor, Tensor];
      const [, last] = g.split(g.reshape(query, [batch, size]), 1, [hiddenSize, 1]) as [Tensor, Tensor];
      const predictions = g.neg(g.reshape(last, [batch]));
      const error = g.sub(predictions, input('answers', 'float32', [batch]));
      const loss = g.mul(g.reduceSum(g.mul(error, error), [0]), constant(1 / batch));
      return { loss: g.reshape(loss, []), outputs: { predictions } };
    },
  };
}

function feedsOf(tasks: readonly RegressionTask[]): Feeds {
  const tokens = tasks.map(tokensOf);
  const [n, size] = [tokens[0]!.length, tokens[0]![0]!.length];
  const data = new Float32Array(tasks.length * n * size);
  tokens.flat().forEach((token, i) => {
    data.set(token, i * size);
  });
  return {
    tokens: { type: 'float32', dims: [tasks.length, n, size], data },
    answers: numbers(
      [tasks.length],
      tasks.map(({ answer }) => answer),
    ),
  };
}

/**
 * Trains layers from scratch by Adam.
 *
 * @param draw the task of each number, counted through all steps
 */
export async function trainLayers(
  runtime: Runtime,
  plan: TrainingPlan,
  seed: number,
  draw: (index: number) => RegressionTask,
  report: (step: number) => void,
): Promise<readonly LinearAttentionLayer[]> {
  const objective = regression(plan);
  const trainer = await openTrainer(runtime, objective, initialise(objective, seed), ADAM);
  let parameters: Numbers;
  try {
    for (let step = 0; step < plan.steps; step++) {
      report(step);
      const tasks = Array.from({ length: plan.batch }, (_, i) => draw(step * plan.batch + i));
      const rate = (plan.learningRate * (1 + Math.cos((Math.PI * step) / plan.steps))) / 2;
      await trainer.take([feedsOf(tasks)], rate);
    }
    ({ parameters } = await trainer.state());
  } finally {
    await trainer.close();
  }
  const size = plan.hiddenSize + 1;
  return Array.from({ length: plan.layers }, (_, layer) => {
    const matrix = (name: (typeof matrices)[number]) => ({
      rows: size,
      columns: size,
      data: Float64Array.from(parameters[nameOf(layer, name)]!),
    });
    return layerOf({
      query: matrix('query'),
      key: matrix('key'),
      value: matrix('value'),
      projection: matrix('projection'),
    });
  });
}
