import type { Json } from '../files/canonical-json.ts';
import type { Prepared } from './prepare.ts';

/**
 * The lines of `tokens.jsonl`: the exact ids of the prefix of each setting, of each finetuning
 * sequence and of each query.
 */
export function tokenLines({
  plan,
  sequences,
  scoring,
}: Pick<Prepared, 'plan' | 'sequences' | 'scoring'>): readonly Json[] {
  const { bos, settings } = plan;
  const prefixes = settings.map(setting => ({
    kind: 'prefix',
    setting,
    tokens: setting === 'in-context' ? sequences.prefixTokens : [bos],
  }));
  const training = settings.includes('finetuned')
    ? sequences.finetuning.map((tokens, step) => {
        const { row, label } = sequences.demonstrations[step]!;
        return { kind: 'finetuning', step, row, label, tokens };
      })
    : [];
  const queries = sequences.queries.map(({ row, label, tokens: prompt }, index) => {
    const [first, ...others] = scoring.rows(prompt).map(({ tokens }) => tokens);
    // Label words of several tokens are fed after the prompt, each label in its own row.
    return { kind: 'query', index, row, label, tokens: first!, ...(others.length > 0 && { otherLabels: others }) };
  });
  return [...prefixes, ...training, ...queries];
}
