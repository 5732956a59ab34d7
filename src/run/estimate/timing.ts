/** Does the work. @returns its result and the seconds that it took */
export async function timed<T>(work: () => Promise<T>): Promise<readonly [T, number]> {
  const start = performance.now();
  const result = await work();
  return [result, (performance.now() - start) / 1000];
}

/** Work that is repeated to measure its time. */
export type Trial = () => Promise<unknown>;

/** Of all trials together. */
const SECONDS = 1.5;
const LEAST_TIMES = 2;

/**
 * Usual seconds of each trial: the first quartile of its times, without the first time. Trials are
 * repeated in turn, so that a disturbance of the machine affects few times of each.
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
