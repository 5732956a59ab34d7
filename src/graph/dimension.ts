/**
 * @file Named dimensions. A dimension is a whole number or a sum of products of names with positive
 * coefficients, in one canonical form ('B*T', 'P+T', '9*B'), so that equal dimensions are `===`.
 */
export type Dimension = number | string;

/** Sizes of the names at run time, e.g. { B: 16, T: 29, P: 615 }. */
export type Bindings = Readonly<Record<string, number>>;

/** monomial (sorted names joined by '*', '' for the constant) -> coefficient */
type Polynomial = ReadonlyMap<string, number>;

function parse(dimension: Dimension): Polynomial {
  const terms = new Map<string, number>();
  for (const term of String(dimension).split('+')) {
    let coefficient = 1;
    const names: string[] = [];
    for (const factor of term.split('*')) {
      if (/^\d+$/.test(factor)) coefficient *= Number(factor);
      else if (/^[A-Za-z_]\w*$/.test(factor)) names.push(factor);
      else throw new Error(`dimension '${dimension}' is not a sum of products of names and whole numbers`);
    }
    const monomial = names.sort().join('*');
    terms.set(monomial, (terms.get(monomial) ?? 0) + coefficient);
  }
  return terms;
}

function print(terms: Polynomial): Dimension {
  const parts = [...terms]
    .filter(([, coefficient]) => coefficient !== 0)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([monomial, coefficient]) =>
      monomial === '' ? String(coefficient) : coefficient === 1 ? monomial : `${coefficient}*${monomial}`,
    );
  const text = parts.length === 0 ? '0' : parts.join('+');
  return /^\d+$/.test(text) ? Number(text) : text;
}

/** The canonical form of a dimension: `dimension('T*B')` is 'B*T', `dimension('6')` is 6. */
export function dimension(value: Dimension): Dimension {
  return typeof value === 'number' ? value : print(parse(value));
}

/** a + b */
export function plus(a: Dimension, b: Dimension): Dimension {
  if (typeof a === 'number' && typeof b === 'number') return a + b;
  const terms = new Map(parse(a));
  for (const [monomial, coefficient] of parse(b)) terms.set(monomial, (terms.get(monomial) ?? 0) + coefficient);
  return print(terms);
}

/** a * b */
export function times(a: Dimension, b: Dimension): Dimension {
  if (typeof a === 'number' && typeof b === 'number') return a * b;
  const terms = new Map<string, number>();
  for (const [m, x] of parse(a)) {
    for (const [n, y] of parse(b)) {
      const monomial = [...m.split('*'), ...n.split('*')]
        .filter(name => name !== '')
        .sort()
        .join('*');
      terms.set(monomial, (terms.get(monomial) ?? 0) + x * y);
    }
  }
  return print(terms);
}

/** Product of all dimensions; 1 for none. */
export function product(dimensions: readonly Dimension[]): Dimension {
  return dimensions.reduce(times, 1);
}

/** The names in a dimension. */
export function namesIn(value: Dimension): readonly string[] {
  if (typeof value === 'number') return [];
  return [...new Set([...parse(value).keys()].flatMap(monomial => monomial.split('*')))].filter(name => name !== '');
}

/** The terms of a dimension as lists of factors: 'P+2*T' -> [['P'], [2, 'T']]. */
export function termsOf(value: Dimension): readonly (readonly (number | string)[])[] {
  return [...parse(value)].map(([monomial, coefficient]) => {
    const names = monomial === '' ? [] : monomial.split('*');
    return coefficient === 1 && names.length > 0 ? names : [coefficient, ...names];
  });
}

/** The size of a dimension. @throws Error when a name has no size */
export function sizeOf(value: Dimension, bindings: Bindings): number {
  if (typeof value === 'number') return value;
  let sum = 0;
  for (const factors of termsOf(value)) {
    let term = 1;
    for (const factor of factors) {
      const size = typeof factor === 'number' ? factor : bindings[factor];
      if (size === undefined) throw new Error(`dimension '${value}': '${factor}' has no size`);
      term *= size;
    }
    sum += term;
  }
  return sum;
}
