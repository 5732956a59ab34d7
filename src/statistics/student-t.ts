/**
 * P(|T| <= t) of Student's t with a whole number of degrees of freedom, by the finite series in
 * cos(theta), theta = atan(t / sqrt(degrees)): Abramowitz and Stegun (1964), 26.7.3 and 26.7.4.
 */
export function studentTWithin(t: number, degrees: number): number {
  if (!Number.isInteger(degrees) || degrees < 1) throw new RangeError(`studentTWithin: ${degrees} degrees of freedom`);
  if (!(t >= 0)) throw new RangeError(`studentTWithin: t = ${t}`);
  const theta = Math.atan2(t, Math.sqrt(degrees));
  const [sine, cosine] = [Math.sin(theta), Math.cos(theta)];
  const odd = degrees % 2 === 1;
  let term = odd ? cosine : 1;
  let sum = degrees === 1 ? 0 : term;
  for (let k = odd ? 3 : 2; k < degrees; k += 2) {
    term *= (cosine * cosine * (k - 1)) / k;
    sum += term;
  }
  return odd ? (2 / Math.PI) * (theta + sine * sum) : sine * sum;
}

/** The t with P(|T| <= t) = `probability`, by bisection to the last bit: 2.776 for 0.95 and 4 degrees of freedom. */
export function studentTPoint(probability: number, degrees: number): number {
  if (!(probability > 0 && probability < 1)) throw new RangeError(`studentTPoint: probability ${probability}`);
  let low = 0;
  let high = 1;
  while (studentTWithin(high, degrees) < probability) high *= 2;
  for (let middle = high / 2; middle > low && middle < high; middle = low + (high - low) / 2) {
    if (studentTWithin(middle, degrees) < probability) low = middle;
    else high = middle;
  }
  return high;
}
