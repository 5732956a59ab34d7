import { lineChart } from '../../report/line-chart.ts';
import {
  checkLinearLayer,
  descend,
  descendWithMomentum,
  dualForm,
  linearLayerExample,
  momentumWeights,
} from '../../theory/linear-layer.ts';
import { times, type Vector } from '../../theory/matrix.ts';
import type { Chapter } from './chapter.ts';

/** Chapter 1: a linear layer during training, and its dual form. */
export const linearLayer: Chapter = {
  title: 'a linear layer under gradient descent is linear attention to its past inputs',
  compute: async ({ seed }) => {
    const { teacher, initial, inputs, gradient, query, learningRate, eta } = linearLayerExample(seed);
    const plain = descend(initial, inputs, gradient, learningRate);
    const pushed = descendWithMomentum(initial, inputs, gradient, learningRate, eta);
    const counts = Array.from({ length: inputs.length + 1 }, (_, count) => count);
    const line = (value: (count: number) => Vector) => counts.map(count => ({ x: count, y: value(count)[0]! }));
    const series = (facet: string, trained: (count: number) => Vector, dual: (count: number) => Vector) => [
      { facet, name: 'trained weights: W_t x', points: line(trained) },
      { facet, name: "dual form: W_0 x + LinearAttn(E, X', x)", points: line(dual), dashed: true },
    ];
    return {
      checks: checkLinearLayer(seed),
      findings: [],
      tables: [],
      figure: lineChart({
        title: 'A linear layer while it learns: one output for one query',
        x: 'past inputs',
        y: 'output',
        baseline: times(teacher, query)[0]!,
        series: [
          ...series(
            'gradient descent',
            count => times(plain.weights[count]!, query),
            count => dualForm(initial, plain.steps.slice(0, count), query),
          ),
          ...series(
            'with momentum',
            count => times(pushed.weights[count + 1]!, query),
            count => dualForm(initial, pushed.steps.slice(0, count), query, momentumWeights(eta, count)),
          ),
        ],
      }),
    };
  },
};
