/** The sum in float64, from the first value to the last; 0 of none. */
export function sum(values: Readonly<ArrayLike<number>>): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i]!;
  return total;
}
