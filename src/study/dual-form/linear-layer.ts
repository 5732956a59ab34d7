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
    const panel = (name: string, trained: (count: number) => Vector, dual: (count: number) => Vector) => ({
      name,
      baseline: { value: times(teacher, query)[0]!, name: 'the teacher' },
      series: [
        { name: 'trained weights: W_t x', points: line(trained) },
        { name: "dual form: W_0 x + LinearAttn(E, X', x)", points: line(dual), dashed: true },
      ],
    });
    return {
      checks: checkLinearLayer(seed),
      findings: [],
      tables: [],
      figure: {
        title: 'A linear layer while it learns: one output for one query',
        x: 'past inputs',
        y: 'output',
        sharedY: true,
        panels: [
          panel(
            'gradient descent',
            count => times(plain.weights[count]!, query),
            count => dualForm(initial, plain.steps.slice(0, count), query),
          ),
          panel(
            'with momentum',
            count => times(pushed.weights[count + 1]!, query),
            count => dualForm(initial, pushed.steps.slice(0, count), query, momentumWeights(eta, count)),
          ),
        ],
      },
    };
  },
};
