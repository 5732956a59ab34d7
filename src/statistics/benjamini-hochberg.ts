/**
 * Adjusted p values of Benjamini and Hochberg (1995), in the order given. Rejecting those up to q keeps the expected share of
 * false ones among the rejected at q, for independent tests and for many that are positively dependent:
 *
 *     adjusted_(i) = min over j >= i of  m p_(j) / j,   m tests, p_(1) <= ... <= p_(m)
 */
export function benjaminiHochberg(values: readonly number[]): number[] {
  const wrong = values.find(p => !(p >= 0 && p <= 1));
  if (wrong !== undefined) throw new RangeError(`benjaminiHochberg: p = ${wrong}`);
  const order = values.map((_, i) => i).sort((i, j) => values[j]! - values[i]!);
  const adjusted = new Array<number>(values.length);
  let least = 1;
  for (const [fromTop, i] of order.entries()) {
    least = Math.min(least, (values.length / (values.length - fromTop)) * values[i]!);
    adjusted[i] = least;
  }
  return adjusted;
}
