/**
 * Adjusted p values of Benjamini and Hochberg (1995), in the given order. Rejecting all up to q
 * keeps the expected share of false rejections at q, for independent tests and many positively
 * dependent ones:
 *
 *     adjusted_(i) = min over j >= i of  m p_(j) / j,   m tests, p_(1) <= ... <= p_(m)
 *
 * A null p belongs to a comparison that tested nothing: it stays null and does not count in m.
 */
export function benjaminiHochberg<P extends number | null>(values: readonly P[]): P[] {
  const tests = values.flatMap((p, place) => (p === null ? [] : [{ p, place }]));
  const wrong = tests.find(({ p }) => !(p >= 0 && p <= 1));
  if (wrong !== undefined) throw new RangeError(`benjaminiHochberg: p = ${wrong.p}`);
  const adjusted: (number | null)[] = values.map(() => null);
  let least = 1;
  for (const [fromTop, { p, place }] of tests.sort((a, b) => b.p - a.p).entries()) {
    least = Math.min(least, (tests.length / (tests.length - fromTop)) * p);
    adjusted[place] = least;
  }
  return adjusted as P[];
}
