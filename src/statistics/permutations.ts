import { chooseDistinct, type RandomStream } from './random.ts';

/** All permutations of 0 ... n - 1, the identity first, each as a new array. */
export function* allPermutations(n: number): Generator<readonly number[]> {
  if (n === 0) {
    yield [];
    return;
  }
  for (const order of allPermutations(n - 1)) {
    for (let place = n - 1; place >= 0; place--) yield [...order.slice(0, place), n - 1, ...order.slice(place)];
  }
}

/** A random permutation of 0 ... n - 1. */
export function drawPermutation(stream: RandomStream, n: number): readonly number[] {
  return chooseDistinct(stream, n, n);
}
