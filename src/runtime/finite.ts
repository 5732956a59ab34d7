/** Index of the first NaN or infinity; -1 if all are finite. */
export function firstNonFinite(data: Float32Array): number {
  return allFinite(data) ? -1 : data.findIndex(x => !Number.isFinite(x));
}

/**
 * 0 x is 0 for finite x, else NaN. Four independent sums, so that additions need not wait for each
 * other.
 */
function allFinite(data: Float32Array): boolean {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  const whole = data.length - (data.length % 4);
  for (let i = 0; i < whole; i += 4) {
    a += data[i]! * 0;
    b += data[i + 1]! * 0;
    c += data[i + 2]! * 0;
    d += data[i + 3]! * 0;
  }
  for (let i = whole; i < data.length; i++) a += data[i]! * 0;
  return a + b + c + d === 0;
}
