/** Does the work. @returns what it made, and the seconds that it took */
export async function timed<T>(work: () => Promise<T>): Promise<readonly [T, number]> {
  const start = performance.now();
  const made = await work();
  return [made, (performance.now() - start) / 1000];
}
