import { differenceOf, foldExamples, notMeasured, type Similarity } from './fold.ts';
import { type ExampleMetrics, KENDALL_EXAMPLES } from './measure.ts';
import type { PerLayer } from './per-layer.ts';

/** The similarities of a run, named as in its result. */
export interface Similarities {
  readonly simAOU: Similarity & {
    readonly random: Similarity;
    /** SimAOU minus `random`, paired by row and layer, as the others are. */
    readonly difference: Similarity;
    readonly unnormalised: Similarity;
  };
  readonly simAM: Similarity & {
    readonly zeroShot: Similarity;
    /** SimAM minus `zeroShot`. */
    readonly difference: Similarity;
    readonly delta: Similarity;
  };
  readonly kendall: Similarity & {
    readonly random: Similarity;
    /** Kendall minus `random`. */
    readonly difference: Similarity;
  };
}

type Read = (record: ExampleMetrics) => PerLayer | undefined;
type Rest = [settings: string, reason: string, examples?: readonly ExampleMetrics[]];
type MetricName = Exclude<keyof ExampleMetrics, 'index' | 'row' | 'steady'>;

const ALL = 'zero-shot, in-context and finetuned';
const NO_OUTPUT_UPDATE = 'an update of the attention output is zero or rounding';
const NO_SCORES = 'the attention scores of every head are zero';
const TIED = 'the attention to all demonstration tokens ties, or parts by rounding alone,';

/**
 * Folds the metrics of the examples, given in any order: they are sorted into evaluation order
 * first.
 */
export function summarise(records: Iterable<ExampleMetrics>): Similarities {
  const ordered = [...records].sort((a, b) => a.index - b.index);
  for (const [i, { index }] of ordered.entries()) {
    if (i > 0 && ordered[i - 1]!.index === index) throw new Error(`summarise: example ${index} comes twice`);
  }
  const foldAll = (
    read: Read,
    settings: string,
    reason: string,
    examples: readonly ExampleMetrics[] = ordered,
  ): Similarity => {
    if (examples.length === 0) return notMeasured('no examples');
    const measured = examples.flatMap(record => {
      const values = read(record);
      return values === undefined ? [] : [values];
    });
    return measured.length === 0 ? notMeasured(`needs the settings ${settings}`) : foldExamples(measured, reason);
  };
  const fold = (name: MetricName, ...rest: Rest) => foldAll(record => record[name], ...rest);
  const foldDifference = (name: MetricName, less: MetricName, ...rest: Rest) =>
    foldAll(record => differenceOf(record[name], record[less]), ...rest);
  const first = ordered.filter(({ index }) => index < KENDALL_EXAMPLES);
  return {
    simAOU: {
      ...fold('simAOU', ALL, NO_OUTPUT_UPDATE),
      random: fold('simAOURandom', 'zero-shot and in-context', NO_OUTPUT_UPDATE),
      difference: foldDifference('simAOU', 'simAOURandom', ALL, NO_OUTPUT_UPDATE),
      unnormalised: fold('simAOUUnnormalised', ALL, NO_OUTPUT_UPDATE),
    },
    simAM: {
      ...fold('simAM', 'in-context and finetuned', NO_SCORES),
      zeroShot: fold('simAMZeroShot', 'zero-shot and in-context', NO_SCORES),
      difference: foldDifference('simAM', 'simAMZeroShot', ALL, NO_SCORES),
      delta: fold('simAMDelta', ALL, 'an update of the attention scores is zero or rounding in every head'),
    },
    kendall: {
      ...fold('kendall', 'in-context and finetuned', TIED, first),
      random: fold('kendallRandom', 'in-context and finetuned', TIED, first),
      difference: foldDifference('kendall', 'kendallRandom', 'in-context and finetuned', TIED, first),
    },
  };
}
