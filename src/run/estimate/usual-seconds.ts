import { timed } from './timed.ts';

export type Trial = () => Promise<unknown>;

/** Of all trials together. */
const SECONDS = 1.5;
const LEAST_TIMES = 2;

/**
 * Does all trials in turn, so that what else the machine does for a moment disturbs few times of each. Their first times do not count; of
 * the others the fastest quarter is what is usual.
 */
export async function usualSeconds<K extends string>(
  trials: Readonly<Record<K, Trial>>,
): Promise<Readonly<Record<K, number>>> {
  const names = Object.keys(trials) as K[];
  for (const name of names) await trials[name]();
  const rounds: Record<K, number>[] = [];
  const end = performance.now() + 1000 * SECONDS;
  while (rounds.length < LEAST_TIMES || performance.now() < end) {
    const round: Partial<Record<K, number>> = {};
    for (const name of names) round[name] = (await timed(trials[name]))[1];
    rounds.push(round as Record<K, number>);
  }
  const usual = (name: K) => rounds.map(round => round[name]).sort((a, b) => a - b)[rounds.length >> 2]!;
  return Object.fromEntries(names.map(name => [name, usual(name)])) as Record<K, number>;
}
