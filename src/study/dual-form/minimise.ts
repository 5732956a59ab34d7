const GOLDEN = (Math.sqrt(5) - 1) / 2;

/**
 * The minimum of a unimodal function on [low, high], to a share of the interval: golden-section
 * search.
 */
export function minimise(f: (x: number) => number, low: number, high: number, share = 1e-4): number {
  const width = (high - low) * share;
  let [a, b] = [low, high];
  let [c, d] = [b - GOLDEN * (b - a), a + GOLDEN * (b - a)];
  let [fc, fd] = [f(c), f(d)];
  while (b - a > width) {
    if (fc < fd) {
      [b, d, fd] = [d, c, fc];
      c = b - GOLDEN * (b - a);
      fc = f(c);
    } else {
      [a, c, fc] = [c, d, fd];
      d = a + GOLDEN * (b - a);
      fd = f(d);
    }
  }
  return (a + b) / 2;
}
