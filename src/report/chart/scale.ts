import { scaleLinear, scaleLog, scaleSymlog } from 'd3-scale';

/** `symmetric-log` is linear within the threshold and logarithmic beyond, on both sides of 0. */
export type ScaleKind = 'linear' | 'log' | 'symmetric-log';

export interface Scale {
  /** From a value to a coordinate. */
  readonly at: (value: number) => number;
  readonly ticks: readonly { readonly value: number; readonly label: string }[];
}

/**
 * @param count of ticks, about
 * @param nice ends the axis at ticks
 * @param whole no ticks between whole numbers, for what is counted; linear scales only
 */
export function makeScale(
  { kind, threshold = 1 }: { readonly kind: ScaleKind; readonly threshold?: number | undefined },
  [least, most]: readonly [number, number],
  range: readonly [number, number],
  { count, nice = false, whole = false }: { readonly count: number; readonly nice?: boolean; readonly whole?: boolean },
): Scale {
  switch (kind) {
    case 'linear': {
      const domain: [number, number] = least === most ? [least - 0.5, most + 0.5] : [least, most];
      const scale = scaleLinear(domain, range);
      if (nice) scale.nice(count);
      const label = scale.tickFormat(count, whole ? ',d' : undefined);
      const ticks = scale.ticks(count).filter(value => !whole || Number.isInteger(value));
      return { at: scale, ticks: ticks.map(value => ({ value, label: label(value) })) };
    }
    case 'log': {
      const domain: [number, number] = least === most ? [least / 2, most * 2] : [least, most];
      return { at: scaleLog(domain, range), ticks: fewest(decades(domain), count) };
    }
    case 'symmetric-log': {
      const far = Math.max(Math.abs(least), Math.abs(most), threshold);
      const positive = decades([threshold, far]).filter(value => value <= far);
      const domain: [number, number] = [Math.min(least, -threshold), Math.max(most, threshold)];
      const inside = [...positive.map(value => -value), 0, ...positive].filter(
        value => value >= domain[0] && value <= domain[1],
      );
      return { at: scaleSymlog(domain, range).constant(threshold), ticks: fewest(inside, count) };
    }
  }
}

/** 1, 2 and 5 of every decade between two positive numbers. */
function decades([least, most]: readonly [number, number]): readonly number[] {
  const values: number[] = [];
  for (let power = Math.floor(Math.log10(least)); power <= Math.ceil(Math.log10(most)); power++) {
    for (const digit of [1, 2, 5]) {
      const value = Number(`${digit}e${power}`);
      // What a sum of binary fractions loses.
      if (value >= least * (1 - 1e-9) && value <= most * (1 + 1e-9)) values.push(value);
    }
  }
  return values;
}

/** The most round ones where there are more than `count`. */
function fewest(values: readonly number[], count: number): Scale['ticks'] {
  const round = values.filter(value => value === 0 || Math.log10(Math.abs(value)) % 1 === 0);
  const all = values.length <= count || round.length < 2 ? values : round;
  const step = Math.ceil(all.length / Math.max(count, 2));
  const zero = Math.max(all.indexOf(0), 0);
  return all.filter((_, i) => (i - zero) % step === 0).map(value => ({ value, label: logLabel(value) }));
}

/** Losses read better as 0.1 than as 100m, and 1e-6 better than as a row of zeros. */
function logLabel(value: number): string {
  const size = Math.abs(value);
  const text = size !== 0 && (size < 1e-3 || size >= 1e5) ? size.toExponential() : String(Number(size.toPrecision(3)));
  return value < 0 ? `\u2212${text}` : text;
}
