import { LEAST_P } from './interval.ts';

/**
 * P(|T| <= t) of Student's t with a whole number of degrees of freedom, by the finite series in
 * cos(theta), theta = atan(t / sqrt(degrees)): Abramowitz and Stegun (1964), 26.7.3 and 26.7.4.
 */
export function studentTWithin(t: number, degrees: number): number {
  requireMeaning('studentTWithin', t, degrees);
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

/**
 * P(|T| > t), the two-sided p value of t: accurate even if 1 - P(|T| <= t) has lost all digits, and
 * never 0. It is the incomplete beta function I_x(a, 1/2) with a = degrees / 2 and x = degrees /
 * (degrees + t^2), by its series of positive terms
 *
 *     x^a (1 - x)^(1/2) / (a B(a, 1/2)) * sum over n of x^n (a + 1/2) (a + 3/2) ... / ((a + 1) (a + 2) ...)
 *
 * (Abramowitz and Stegun, 26.5.4), which converges fast for large t.
 */
export function studentTBeyond(t: number, degrees: number): number {
  requireMeaning('studentTBeyond', t, degrees);
  // Here the complement still has 15 digits.
  if (t < 1) return 1 - studentTWithin(t, degrees);
  const a = degrees / 2;
  const x = degrees / (degrees + t * t);
  // B(1/2, 1/2) = pi, B(1, 1/2) = 2, B(a + 1, 1/2) = B(a, 1/2) a / (a + 1/2)
  let beta = degrees % 2 === 1 ? Math.PI : 2;
  for (let b = degrees % 2 === 1 ? 0.5 : 1; b < a; b++) beta *= b / (b + 0.5);
  let term = 1;
  let sum = 1;
  for (let n = 0; term > Number.EPSILON * sum; n++) {
    term *= (x * (a + 0.5 + n)) / (a + 1 + n);
    sum += term;
  }
  // 1 - x without cancellation.
  const rest = 1 / (1 + degrees / (t * t));
  return Math.max(LEAST_P, ((x ** a * Math.sqrt(rest)) / (a * beta)) * sum);
}

function requireMeaning(name: string, t: number, degrees: number): void {
  if (!Number.isInteger(degrees) || degrees < 1) throw new RangeError(`${name}: ${degrees} degrees of freedom`);
  if (!(t >= 0)) throw new RangeError(`${name}: t = ${t}`);
}

/**
 * The t with P(|T| <= t) = `probability`, by bisection to the last bit: 2.776 for 0.95 and 4
 * degrees of freedom.
 */
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
