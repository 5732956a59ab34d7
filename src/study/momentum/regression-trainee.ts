import { randomStream } from '../../statistics/random.ts';
import { gptConfig, vectorFeeds, vectorModel } from '../../train/gpt.ts';
import type { Feeds } from '../../train/objective.ts';
import { meanOf, meanOfEach } from '../means.ts';
import {
  drawRegression,
  type LinearRegression,
  leastSquares,
  oneGradientStep,
  type RegressionPredictor,
  type RegressionSequence,
  regressionErrors,
} from '../synthetic/linear-regression.ts';
import type { SyntheticPlan } from './plan.ts';
import {
  type Baseline,
  inBatches,
  type Measured,
  stepWork,
  TEST_STREAM,
  TRAINING_STREAM,
  type Trainee,
} from './trainee.ts';

/** Separates this random stream from those of the other tasks. */
const STREAM = 1;

/**
 * Linear regression in context. Inputs and answers alternate as tokens x_1, y_1, x_2, ... (Garg et
 * al. 2022), here [x, 0] and [0, y]: answers have their own coordinate. The prediction at x_(i+1)
 * has seen i examples; all predictions are trained and evaluated.
 */
export function regressionTrainee({ model, training, settings, tests }: SyntheticPlan<LinearRegression>): Trainee {
  const { dimensions, examples, noise } = settings;
  const shape = { ...model, context: 2 * examples + 1 };
  const draw = (count: number, ...path: readonly number[]) => {
    const stream = randomStream(STREAM, ...path);
    return Array.from({ length: count }, () => drawRegression(stream, settings));
  };
  const testSequences = draw(tests, TEST_STREAM);

  /** [n + 1] */
  const evaluated = (name: string, errors: readonly ArrayLike<number>[]): Measured & { readonly name: string } => {
    const curve = meanOfEach(errors);
    return {
      name,
      measures: { 'linear-regression': meanOf(curve), 'linear-regression.last': curve.at(-1)! },
      curves: { errors: curve },
    };
  };
  const baseline = (name: string, predict: RegressionPredictor): Baseline =>
    evaluated(
      name,
      testSequences.map(sequence => regressionErrors(sequence, predict)),
    );

  return {
    task: 'linear-regression',
    training,
    step: stepWork(gptConfig({ ...shape, vocabulary: 1 }), training.batch, shape.context),
    objective: momentum => vectorModel({ ...shape, ...(momentum !== undefined && { momentum }) }, dimensions + 1),
    batch: (seed, step) => feedsOf(draw(training.batch, TRAINING_STREAM, seed, step)),
    measures: [
      {
        ...{ name: 'linear-regression', table: 'in-context', title: 'regression error, mean' },
        ...{ better: 'lower', digits: 3 },
      },
      {
        ...{
          name: 'linear-regression.last',
          table: 'in-context',
          title: `regression error, ${examples} examples`,
        },
        ...{ better: 'lower', digits: 3 },
      },
    ],
    curves: [
      {
        name: 'errors',
        title: 'Linear regression in context',
        x: { title: 'examples before', values: Array.from({ length: examples + 1 }, (_, i) => i) },
        y: 'squared error / d',
      },
    ],
    measure: async ({ trainer }) => {
      const errors: number[][] = [];
      for (const sequences of inBatches(testSequences, training.batch)) {
        const { predictions } = await trainer.evaluate(feedsOf(sequences), ['predictions']);
        for (const [b, { answers }] of sequences.entries()) {
          errors.push(
            Array.from(
              answers,
              (answer, i) => (predictions!.data[b * shape.context + 2 * i]! - answer) ** 2 / dimensions,
            ),
          );
        }
      }
      return evaluated('trained', errors);
    },
    baselines: () => [
      baseline('predicting 0', () => 0),
      baseline('one gradient step', oneGradientStep),
      baseline(noise === 0 ? 'least squares' : 'ridge regression', leastSquares(noise)),
    ],
  };
}

function feedsOf(sequences: readonly RegressionSequence[]): Feeds {
  const { inputs } = sequences[0]!;
  const hiddenSize = inputs[0]!.length + 1;
  const T = 2 * inputs.length - 1;
  const [B, places] = [sequences.length, sequences.length * T];
  const vectors = new Float32Array(places * hiddenSize);
  const answers = new Float32Array(places);
  const weights = new Float32Array(places);
  for (const [b, sequence] of sequences.entries()) {
    for (const [i, x] of sequence.inputs.entries()) {
      const place = b * T + 2 * i;
      vectors.set(x, place * hiddenSize);
      answers[place] = sequence.answers[i]!;
      weights[place] = 1;
      // Nothing is predicted after the last answer, so it is not fed.
      if (2 * i + 1 < T) vectors[(place + 2) * hiddenSize - 1] = sequence.answers[i]!;
    }
  }
  return vectorFeeds([B, T, hiddenSize], { vectors, answers, weights });
}
