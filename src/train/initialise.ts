import { createHash } from 'node:crypto';
import { fillNormal, randomStream } from '../statistics/random.ts';
import type { Numbers, Objective } from './objective.ts';

/**
 * Initial values of all parameters. Each has its own random stream, named by seed and parameter, so
 * that two objectives have equal initial values in common parameters.
 */
export function initialise({ parameters }: Pick<Objective, 'parameters'>, seed: number): Numbers {
  return Object.fromEntries(
    parameters.map(({ name, shape, initial }) => {
      const numbers = new Float32Array(shape.reduce((product, size) => product * size, 1));
      if ('value' in initial) return [name, numbers.fill(initial.value)];
      const stream = randomStream(seed, createHash('sha256').update(name).digest().readUInt32LE());
      const normal = fillNormal(stream, new Float64Array(numbers.length));
      for (let i = 0; i < numbers.length; i++) numbers[i] = normal[i]! * initial.deviation;
      return [name, numbers];
    }),
  );
}
