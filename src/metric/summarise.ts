import { foldExamples, notMeasured, type Similarity } from './fold.ts';
import { type ExampleMetrics, KENDALL_EXAMPLES } from './measure.ts';
import type { PerLayer } from './per-layer.ts';

/** The similarities of a run, named as in its result. */
export interface Similarities {
  readonly simAOU: Similarity & { readonly random: Similarity; readonly unnormalised: Similarity };
  readonly simAM: Similarity & { readonly zeroShot: Similarity; readonly delta: Similarity };
  readonly kendall: Similarity & { readonly random: Similarity };
}

type MetricName = Exclude<keyof ExampleMetrics, 'index' | 'row'>;

const ALL = 'zero-shot, in-context and finetuned';
const NO_OUTPUT_UPDATE = 'an update of the attention output is zero or rounding';
const TIED = 'the attention to all demonstration tokens ties, or parts by rounding alone,';

/** Folds what was kept of the examples, in whatever order they come: they are put into evaluation order first. */
export function summarise(records: Iterable<ExampleMetrics>): Similarities {
  const ordered = [...records].sort((a, b) => a.index - b.index);
  for (const [i, { index }] of ordered.entries()) {
    if (i > 0 && ordered[i - 1]!.index === index) throw new Error(`summarise: example ${index} comes twice`);
  }
  const fold = (name: MetricName, settings: string, reason: string, examples = ordered): Similarity => {
    if (examples.length === 0) return notMeasured('no examples');
    const measured = examples.map(record => record[name]).filter((values): values is PerLayer => values !== undefined);
    return measured.length === 0 ? notMeasured(`needs the settings ${settings}`) : foldExamples(measured, reason);
  };
  const first = ordered.filter(({ index }) => index < KENDALL_EXAMPLES);
  return {
    simAOU: {
      ...fold('simAOU', ALL, NO_OUTPUT_UPDATE),
      random: fold('simAOURandom', 'zero-shot and in-context', NO_OUTPUT_UPDATE),
      unnormalised: fold('simAOUUnnormalised', ALL, NO_OUTPUT_UPDATE),
    },
    simAM: {
      ...fold('simAM', 'in-context and finetuned', 'the attention scores of every head are zero'),
      zeroShot: fold('simAMZeroShot', 'zero-shot and in-context', 'the attention scores of every head are zero'),
      delta: fold('simAMDelta', ALL, 'an update of the attention scores is zero or rounding in every head'),
    },
    kendall: {
      ...fold('kendall', 'in-context and finetuned', TIED, first),
      random: fold('kendallRandom', 'in-context and finetuned', TIED, first),
    },
  };
}
