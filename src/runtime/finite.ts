/** Index of the first NaN or infinity; -1 if all are finite. */
export function firstNonFinite(data: Float32Array): number {
  return allFinite(data) ? -1 : data.findIndex(x => !Number.isFinite(x));
}

/**
 * A sum in float64 of finite float32 numbers does not overflow, so it is finite, and no other sum
 * is. Eight independent sums, so that additions need not wait for each other.
 */
function allFinite(data: Float32Array): boolean {
  let [a, b, c, d] = [0, 0, 0, 0];
  let [e, f, g, h] = [0, 0, 0, 0];
  const whole = data.length - (data.length % 8);
  for (let i = 0; i < whole; i += 8) {
    a += data[i]!;
    b += data[i + 1]!;
    c += data[i + 2]!;
    d += data[i + 3]!;
    e += data[i + 4]!;
    f += data[i + 5]!;
    g += data[i + 6]!;
    h += data[i + 7]!;
  }
  for (let i = whole; i < data.length; i++) a += data[i]!;
  return Number.isFinite(a + b + c + d + e + f + g + h);
}
