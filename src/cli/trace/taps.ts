import { closest } from 'fastest-levenshtein';
import { UserError } from '../../error.ts';
import { names } from '../../model/names.ts';

const perLayer = {
  attention_output: names.attentionOutput,
  attention_scores: names.attentionScores,
  query: names.query,
};

/**
 * Names of the tensors that `--taps` picks: each entry is a tensor (`logits`, `layers.3.query`) or a kind in all layers
 * (`attention_output`, `attention_scores`, `query`).
 *
 * @param asked undefined for all
 * @throws UserError for an empty list or an unknown entry, with the nearest name and the choices
 */
export function pickTaps(asked: readonly string[] | undefined, layers: number): ReadonlySet<string> {
  const kinds = Object.entries(perLayer).map(
    ([kind, name]) => [kind, Array.from({ length: layers }, (_, n) => name(n))] as const,
  );
  const all = [names.logits, ...kinds.flatMap(([, tensors]) => tensors)];
  if (asked === undefined) return new Set(all);
  const choices = `choose from ${names.logits}, ${kinds.map(([kind]) => kind).join(', ')}, and layers.0.query to layers.${layers - 1}.attention_output`;
  const found = new Map<string, readonly string[]>([...kinds, ...all.map(name => [name, [name]] as const)]);
  return new Set(
    asked.flatMap(entry => {
      if (entry === '') throw new UserError('an entry of the list is empty', { option: 'taps', remedy: choices });
      const tensors = found.get(entry);
      if (tensors !== undefined) return tensors;
      throw new UserError(`no tensor "${entry}"`, {
        option: 'taps',
        remedy: `the nearest is ${closest(entry, [...found.keys()])} (${choices})`,
      });
    }),
  );
}
