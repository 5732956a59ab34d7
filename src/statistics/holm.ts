/**
 * Adjusted p values of Holm (1979), in the given order. Rejecting all up to q keeps the probability
 * of any false rejection at q, whatever the dependence of the tests:
 *
 *     adjusted_(i) = max over j <= i of  min(1, (m - j + 1) p_(j)),   m tests, p_(1) <= ... <= p_(m)
 *
 * A null p belongs to a planned test that could not be computed. It counts in m (as p = 1) and
 * stays null.
 */
export function holm<P extends number | null>(values: readonly P[]): P[] {
  const wrong = values.find(p => p !== null && !(p >= 0 && p <= 1));
  if (wrong !== undefined) throw new RangeError(`holm: p = ${wrong}`);
  const tests = values.flatMap((p, place) => (p === null ? [] : [{ p: p as number, place }]));
  const adjusted: (number | null)[] = values.map(() => null);
  let most = 0;
  for (const [i, { p, place }] of tests.sort((a, b) => a.p - b.p).entries()) {
    most = Math.max(most, Math.min(1, (values.length - i) * p));
    adjusted[place] = most;
  }
  return adjusted as P[];
}
