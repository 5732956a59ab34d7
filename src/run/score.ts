import { UserError } from '../error.ts';
import type { LoadedModel } from '../model/loaded-model.ts';
import { computePrefix } from '../model/prefix.ts';
import { observe } from '../observe/observe.ts';
import { releaseAfter } from '../runtime/scope.ts';
import { scoringOf } from './scoring.ts';

/** The tokens before the label words. */
export interface ScoreRequest {
  /** BOS and demonstrations with their separators; shared by all label words. */
  readonly prefixTokens: readonly number[];
  readonly prompt: readonly number[];
  /** Tokens of each label word. */
  readonly labelTokens: readonly (readonly number[])[];
}

/**
 * Log-probability of each label word after a prompt, in nats; for a word of several tokens the mean
 * over its tokens, each given those before it (Dai et al., official code).
 *
 * @throws UserError when the prompt or a label word has no tokens, or they do not fit the model's
 * context
 */
export async function scoreLabels(
  model: LoadedModel,
  { prefixTokens, prompt, labelTokens }: ScoreRequest,
): Promise<readonly number[]> {
  if (prompt.length === 0) throw new UserError('the prompt has no tokens', { option: 'prompt' });
  const empty = labelTokens.findIndex(tokens => tokens.length === 0);
  if (empty >= 0) throw new UserError(`label word ${empty + 1} has no tokens`, { option: 'labels' });
  const needed = prefixTokens.length + prompt.length + Math.max(...labelTokens.map(tokens => tokens.length));
  if (needed > model.decoder.context) {
    throw new UserError(
      `prompt and demonstrations take ${needed} tokens; the context ends at ${model.decoder.context}`,
    );
  }
  const { labels, rows, scores } = scoringOf(labelTokens, 'prompt-end');
  return releaseAfter(model, async owner => {
    const prefix = await computePrefix(owner, prefixTokens, owner.pretrained);
    const { queries } = await observe(owner, { prefix, projections: owner.pretrained }, rows(prompt), {
      labels,
      doing: 'scoring label words',
    });
    return scores(queries.map(query => query.logProbabilities));
  });
}
